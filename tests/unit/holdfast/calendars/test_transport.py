"""Fetching feeds: what is refused, and that every request ends in time."""

import gzip
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import quote

import idna
import pytest

from holdfast.calendars.transport import MAX_BYTES, Transport
from holdfast.calendars.unreadable import Unreadable
from tests.harness.running.scripts import SCRIPTS, word
from tests.harness.servers import feeds
from tests.harness.servers.feeds import HOST, Shelf, calendar

NOTHING: dict[str, str | None] = {"etag": None, "last_modified": None}


@pytest.fixture(scope="module")
def shelf() -> Iterator[Shelf]:
    with feeds.running() as running:
        yield running


def _refusal(transport: Transport, url: str, seconds: float = 5) -> str:
    with pytest.raises(Unreadable) as refused:
        transport.fetch(url, NOTHING, seconds)
    return str(refused.value)


def test_a_feed_is_read_and_not_read_twice(shelf: Shelf) -> None:
    """The second time, the server says that nothing has changed.

    Cases: E-9.3
    """
    shelf.feeds["/feed.ics"] = calendar()

    first = shelf.transport().fetch(shelf.url(), NOTHING, 5)
    again = shelf.transport().fetch(shelf.url(), {"etag": first.etag, "last_modified": None}, 5)

    assert first.body == calendar()
    assert (again.body, again.etag) == (None, first.etag)


def test_host_and_query_are_sent(shelf: Shelf) -> None:
    """The server is asked by its name, for the whole address, uncompressed."""
    shelf.feeds["/a/b?key=1&x=%20"] = calendar()

    shelf.transport().fetch(shelf.url("/a/b?key=1&x=%20"), NOTHING, 5)

    _, headers = shelf.asked[-1]
    assert headers["Host"] == f"{HOST}:{shelf.port}"
    assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("script", SCRIPTS)
def test_hosts_and_paths_of_every_script(shelf: Shelf, script: str) -> None:
    """The request has the host in its ASCII form and the path in UTF-8.

    Cases: E-9.3
    """
    label = next(w for seed in range(20) if _is_label(w := word(script, seed=seed)))
    encoded = quote(label)
    shelf.feeds[f"/{encoded}.ics?{encoded}=%20"] = calendar()
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    url = f"https://{label}.{HOST}:{shelf.port}/{label}.ics?{encoded}=%20"
    document = shelf.transport(resolve=resolve).fetch(url, NOTHING, 5)

    name = f"{idna.alabel(label).decode()}.{HOST}"
    assert document.body == calendar()
    assert asked == [name]
    assert shelf.asked[-1][1]["Host"] == f"{name}:{shelf.port}"


def _is_label(label: str) -> bool:
    try:
        idna.alabel(label)
    except idna.IDNAError:
        return False
    return True


def test_a_host_is_not_another_owners(shelf: Shelf) -> None:
    """`faß.de` has been a host of its own since 2010; its address is checked like any other.

    Cases: E-9.3
    """
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["10.0.0.1"]

    for host in ("faß.de", "xn--fa-hia.de", "FAß.de", "\uff11\uff12\uff17.0.0.1", "127。0。0。1"):
        refusal = _refusal(shelf.transport(resolve=resolve), f"https://{host}/")
        assert refusal == "its address does not lead to the public Internet"
    assert asked == ["xn--fa-hia.de"] * 3 + ["127.0.0.1"] * 2


def _for_browsers_only(handler: BaseHTTPRequestHandler) -> None:
    """As Office 365 answers for a published calendar."""
    agent = handler.headers.get("User-Agent", "")
    browser = re.match(r"Mozilla/5\.0 \([^)]+\) AppleWebKit/[\d.]+ .*Chrome/\d+", agent)
    handler.send_response(200 if browser else 302)
    if not browser:
        handler.send_header("Location", "https://feeds.example/error")
    handler.send_header("Content-Type", "text/calendar")
    handler.end_headers()
    handler.wfile.write(calendar() if browser else b"")


def test_servers_that_answer_browsers_only(shelf: Shelf) -> None:
    """They are read; the same header tells them who asks.

    Cases: E-9.3
    """
    shelf.answers["/published.ics"] = _for_browsers_only

    document = shelf.transport().fetch(shelf.url("/published.ics"), NOTHING, 5)

    assert document.body == calendar()
    assert "Holdfast" in shelf.asked[-1][1]["User-Agent"]


def test_the_shipped_transport_does_not_reach_this_machine(shelf: Shelf) -> None:
    """Without a test's permission, loopback is refused by name and by number."""
    before = len(shelf.asked)

    for host in ("localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"):
        refusal = _refusal(Transport(), f"https://{host}:{shelf.port}/feed.ics")
        assert refusal == "its address does not lead to the public Internet"
    assert len(shelf.asked) == before


@pytest.mark.parametrize(
    "url",
    [
        "http://feeds.example/feed.ics",
        "ftp://feeds.example/feed.ics",
        "file:///etc/passwd",
        "https://user@feeds.example/feed.ics",
        "https://user:pass@feeds.example/feed.ics",
        "https:///feed.ics",
        "feeds.example/feed.ics",
    ],
)
def test_other_addresses_are_refused(shelf: Shelf, url: str) -> None:
    """Only https, without user and password.

    Proves: ASVS 1.3.6, API7:2023
    """
    refusal = _refusal(shelf.transport(), url)

    assert refusal == "its address is not an https address without user and password"


@pytest.mark.parametrize(
    "url",
    ["https://feeds.example:99999/", "https://[::1/", "https://a..b/", "https://" + "a" * 70 + "/"],
)
def test_malformed_addresses_are_refused(url: str) -> None:
    """What cannot be an address is refused, whatever the library makes of it."""
    _refusal(Transport(), url)


def test_a_name_that_changes_its_mind_gains_nothing(shelf: Shelf) -> None:
    """The address of the open connection is checked again, not only what was resolved.

    The name resolves to an address that passes for public; the connection leads to loopback.

    Proves: ASVS 1.3.6, API7:2023
    """
    rebound = shelf.transport(
        resolve=lambda host, port: ["localhost"], allowed=lambda address: address == "localhost"
    )
    before = len(shelf.asked)

    assert _refusal(rebound, shelf.url()) == "its address does not lead to the public Internet"
    assert len(shelf.asked) == before


def test_it_resolves_once_and_connects_to_that(shelf: Shelf) -> None:
    """A second look-up, which could answer otherwise, does not happen."""
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["10.0.0.1", "127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    shelf.feeds["/feed.ics"] = calendar()
    shelf.transport(resolve=resolve).fetch(shelf.url(), NOTHING, 5)

    assert asked == [HOST]


def test_certificates_are_checked(shelf: Shelf) -> None:
    """A server that cannot prove its name, or has an unknown authority, is not read.

    Proves: ASVS 12.3.2, API10:2023
    """
    unknown = shelf.transport(context=ssl.create_default_context())
    other = shelf.url().replace(HOST, "other.example")

    assert _refusal(unknown, shelf.url()) == "its server's certificate is not valid"
    assert _refusal(shelf.transport(), other) == "its server's certificate is not valid"


def _status(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(calendar())

    return answer


def _compressed(handler: BaseHTTPRequestHandler) -> None:
    body = gzip.compress(b"\0" * 50_000_000)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Type", "text/calendar")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/calendar")
    handler.end_headers()
    for _ in range(4 * MAX_BYTES // 65536):
        handler.wfile.write(b"X" * 65536)


def _chunked_endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.send_header("Content-Type", "text/calendar")
    handler.end_headers()
    for _ in range(4 * MAX_BYTES // 65536):
        handler.wfile.write(b"10000\r\n" + b"X" * 65536 + b"\r\n")


def _broken_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/calendar")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(calendar())


def _many_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    for number in range(500):
        handler.send_header(f"X-{number}", "1")
    handler.end_headers()


def _garbage(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\0\1\2\3" * 1000)


ANSWERS = {
    "moved": (_status(302, Location="https://feeds.example/2"), "redirects"),
    "moved for good": (_status(301, Location="http://169.254.169.254/"), "redirects"),
    "see other": (_status(303, Location="/feed.ics"), "redirects"),
    "gone": (_status(410), "status 410"),
    "forbidden": (_status(403), "status 403"),
    "broken": (_status(500), "status 500"),
    "odd success": (_status(206, Content_Type="text/calendar"), "status 206"),
    "a page": (_status(200, Content_Type="text/html"), "something else than a calendar"),
    "announced too large": (
        _status(200, Content_Type="text/calendar", Content_Length=str(MAX_BYTES + 1)),
        "larger than 2 MiB",
    ),
    "endless": (_endless, "larger than 2 MiB"),
    "endless in chunks": (_chunked_endless, "larger than 2 MiB"),
    "compressed": (_compressed, "compressed although"),
    "broken off": (_broken_off, "broke off"),
    "many headers": (_many_headers, "does not speak HTTP"),
    "garbage": (_garbage, "does not speak HTTP"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_odd_answers_are_refused(shelf: Shelf, name: str) -> None:
    """Redirects, errors, pages, too long, compressed or too short: none is a calendar.

    Cases: E-9.3
    Proves: ASVS 5.2.1, 5.2.3, 15.3.2, API10:2023
    """
    answer, words = ANSWERS[name]
    shelf.answers["/odd"] = answer

    assert words in _refusal(shelf.transport(), shelf.url("/odd"))


def _slow_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/calendar")
    handler.end_headers()
    _dribble(handler, b"X")


def _slow_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _dribble(handler, b"a")


def _dribble(handler: BaseHTTPRequestHandler, byte: bytes) -> None:
    """A byte at a time, each well before a reader that waits for single bytes would give up."""
    pace = threading.Event()
    for _ in range(1000):
        handler.wfile.write(byte)
        pace.wait(0.02)


@pytest.mark.parametrize("answer", [_slow_body, _slow_headers])
def test_a_dribbling_server_is_left_in_time(
    shelf: Shelf, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    """The limit is for the whole answer, not for each byte of it.

    Cases: E-9.3
    Proves: ASVS 15.2.2
    """
    shelf.answers["/slow"] = answer
    begun = time.monotonic()

    refusal = _refusal(shelf.transport(), shelf.url("/slow"), 0.5)

    assert refusal == "it took longer than 0.5 seconds"
    assert time.monotonic() - begun < 3


def test_a_silent_server_is_left_in_time() -> None:
    """One that accepts the connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shelf = Shelf(port=silent.getsockname()[1])
        begun = time.monotonic()

        refusal = _refusal(shelf.transport(), shelf.url(), 0.4)

        assert refusal == "it took longer than 0.4 seconds"
        assert time.monotonic() - begun < 3


def test_a_closed_port_and_an_unknown_name() -> None:
    """The error says which of the two it was."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    closed = Shelf(port=port)

    assert "HTTP" in _refusal(closed.transport(), closed.url())
    assert _refusal(Transport(), "https://no-such-host.invalid/") == (
        "the name of its server cannot be found"
    )
