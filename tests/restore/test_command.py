"""`python -m dev.cloud.after_restore` as an operator runs it, over HTTP."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from dev.cloud import after_restore
from tests.harness.system.in_process import System
from tests.harness.system.setup import IDEMPOTENCY_TABLE
from tests.restore.restoration import Restoration
from tests.restore.story import Story


@contextmanager
def over_http(system: System) -> Iterator[str]:
    """The webhook at its own address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = system.post_webhook(body, dict(self.headers))
            self.send_response(answer.status)
            self.end_headers()
            self.wfile.write(json.dumps(answer.body).encode())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/"
        listening.shutdown()
        thread.join()


def test_the_command_says_what_is_left(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It lists and fails, refunds and succeeds, and then has nothing to do."""
    system = story.system
    restoration = Restoration(story)
    gone = story.hold(7)
    story.pay(gone)
    restoration.restore(took=timedelta(minutes=5))
    for name, value in {
        "STRIPE_API_KEY": "sk_test_restore",
        "STRIPE_API_BASE": system.backends.stripe,
        "STRIPE_WEBHOOK_SECRET": system.secrets.webhook_secret,
        "AWS_ENDPOINT_URL_DYNAMODB": system.backends.dynamodb,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str]:
        with over_http(system) as url:
            command = ["after_restore", "--since", restoration.since.isoformat()]
            monkeypatch.setattr("sys.argv", [*command, "--webhook-url", url, *arguments])
            return after_restore.main(), capsys.readouterr().out

    listed = run("--table", IDEMPOTENCY_TABLE)
    given_back = run("--give-back")
    nothing_left = run("--give-back")

    assert listed[0] == 1
    assert re.search(rf"look at cs_\w+ \(booking {gone['id']}, .*would be refunded", listed[1])
    assert re.search(r"^[1-9]\d* records of requests deleted$", listed[1], re.MULTILINE)
    assert (given_back[0], "1 payments refunded" in given_back[1]) == (0, True)
    assert (nothing_left[0], "0 payments refunded" in nothing_left[1]) == (0, True)
