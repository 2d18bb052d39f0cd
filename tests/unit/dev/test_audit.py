"""The audit of shipped packages: licences listed, vulnerabilities looked up."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from dev.dependencies import audit, notices
from tests.harness.system.outages import REFUSING


@contextmanager
def _osv(results: Any) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["queries"]
            body = json.dumps(results(asked)).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_finding_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """A vulnerability of one package is named, and the audit fails.

    Proves: ASVS 15.2.1
    """

    def results(asked: list[Any]) -> Any:
        bad = [each["package"]["name"] == "certifi" for each in asked]
        return {"results": [{"vulns": [{"id": "PYSEC-1"}]} if each else {} for each in bad]}

    with _osv(results) as service:
        code = audit.main(service)

    assert code == 1
    assert "certifi" in capsys.readouterr().out


def test_nothing_found_passes() -> None:
    """Every package of the layer was looked up."""
    seen: list[Any] = []

    def results(asked: list[Any]) -> Any:
        seen.extend(asked)
        return {"results": [{} for _ in asked]}

    with _osv(results) as service:
        assert audit.main(service) == 0

    assert {each["package"]["name"] for each in seen} == {name for name, _ in notices.shipped()}


@pytest.mark.parametrize("service", [f"http://{REFUSING}", "nonsense"])
def test_without_the_service_it_says_so(service: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without network, or with an unreadable answer, the audit says so and passes."""
    if service == "nonsense":
        with _osv(lambda asked: {"error": 1}) as address:
            assert audit.main(address) == 0
    else:
        assert audit.main(service) == 0

    assert "could not be reached" in capsys.readouterr().out


def test_every_package_of_the_layer_says_its_licence() -> None:
    """Names, licences, and the licence's own text for those that require it.

    Proves: ASVS 15.1.2
    """
    page = notices.page()

    assert "psycopg 3" in page
    assert "LGPL-3.0" in page
    assert "MPL-2.0" in page or "Mozilla Public License" in page
    for name, version in notices.shipped():
        assert f"\n{name} {version}: " in page
        assert f"\n{name} {version}: \n" not in page, f"{name} says no licence"
