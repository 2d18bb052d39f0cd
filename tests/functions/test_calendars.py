"""External calendars: what they block, and what a hold does; and our feeds."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import icalendar
import pytest

from holdfast.calendars import reading
from holdfast.calendars.source import Feed
from tests.harness.laws.invariants import violations
from tests.harness.servers import feeds
from tests.harness.servers.feeds import Shelf, calendar, event
from tests.harness.system import crashes
from tests.harness.system.aftermath import end_leases
from tests.harness.system.crashes import external_calls
from tests.harness.system.in_process import Answer, System
from tests.harness.system.setup import TEN

TUESDAY = "2030-01-08T10:00:00Z"
BUSY_AT_TEN = calendar(event(UID="1", DTSTART="20300107T103000Z", DTEND="20300107T113000Z"))
ONCE = "0b9cbf0e-6d5b-4a52-9d6d-9a3a5a1f6c01"
UNKNOWN = "0198c0de-0000-7000-8000-000000000001"


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """A server of feeds on this machine, which this test's functions may read."""
    with feeds.running() as running:
        monkeypatch.setattr(reading, "source", running.source)
        yield running


def _path(system: System, kind: str = "calendars", ident: str = "") -> str:
    return f"/v1/catalogue/resources/{system.resource['id']}/{kind}" + (ident and f"/{ident}")


def _add(system: System, url: str, **fields: Any) -> dict[str, Any]:
    body = {"name": "Private", "url": url} | fields
    answer = system.request("POST", _path(system), body, key="secret")
    assert answer.status == 201, answer
    added: dict[str, Any] = answer.body
    return added


def _hold(system: System, start: str = TEN, **how: Any) -> Answer:
    return system.request("POST", "/v1/holds", system.hold_body(start), **how)


def _event(answer: Answer) -> icalendar.Event:
    """The only event of a feed of ours."""
    (found,) = icalendar.Calendar.from_ical(answer.body).events
    return found


def _policy(system: System, policy: str) -> None:
    system.database.execute("update core.resources set calendar_policy = %s", policy)


def _listed(system: System) -> dict[str, Any]:
    (found,) = system.request("GET", _path(system), key="secret").body["calendars"]
    return dict(found)


# Reading at hold time ----------------------------------------------------------------------------


def test_a_hold_reads_the_calendar_first(system: System, shelf: Shelf) -> None:
    """An event that has not been read before stops a hold of its time, and only that.

    Cases: E-9.3
    """
    shelf.feeds["/feed.ics"] = BUSY_AT_TEN
    _add(system, shelf.url())

    refused, held = _hold(system), _hold(system, TUESDAY)

    assert (refused.status, refused.body["reason"]) == (422, "external_busy")
    assert (held.status, held.body["calendar_unchecked"]) == (201, False)
    assert len(shelf.asked) == 1


def test_what_was_read_is_kept_free(system: System, shelf: Shelf) -> None:
    """After the sweep the time is not listed either.

    Cases: E-9.3, E-5.2
    """
    shelf.feeds["/feed.ics"] = BUSY_AT_TEN
    before = [slot["starts_at"] for slot in system.slots()]
    _add(system, shelf.url())

    swept = system.sweep("refresh_calendars")

    gone = set(before) - {slot["starts_at"] for slot in system.slots()}
    assert swept == {"read": 1, "failed": 0}
    assert TEN in gone
    assert all("2030-01-07T09" <= start < "2030-01-07T11:30" for start in gone)


def test_a_fresh_calendar_is_not_read_again(system: System, shelf: Shelf) -> None:
    """Within fresh_seconds no hold reads it; after them one does, and gets "not modified".

    Cases: E-9.3
    """
    shelf.feeds["/feed.ics"] = calendar()
    _add(system, shelf.url(), fresh_seconds=60)
    _hold(system)
    shelf.down = True

    fresh = _hold(system, "2030-01-08T10:00:00Z")
    system.advance(timedelta(seconds=61))
    stale = _hold(system, "2030-01-09T10:00:00Z")
    shelf.down = False
    again = _hold(system, "2030-01-10T10:00:00Z")

    assert [fresh.status, stale.status, again.status] == [201, 503, 201]
    assert "If-None-Match" in shelf.asked[-1][1]
    assert _listed(system)["failure"] is None


@pytest.mark.parametrize("trouble", ["down", "malformed", "redirect", "gone"])
def test_refused_while_the_calendar_cannot_be_read(
    system: System, shelf: Shelf, trouble: str
) -> None:
    """Policy refuse: 503 with Retry-After, no hold, and the reason; later the hold succeeds.

    Cases: E-9.3
    """
    _trouble(shelf, trouble)
    _add(system, shelf.url())

    refused = _hold(system, idempotency_key=ONCE)

    assert (refused.status, refused.code) == (503, "calendar_unreachable")
    assert int(refused.headers["retry-after"]) > 0
    assert system.database.value("select count(*) from core.bookings") == 0
    assert _listed(system)["failure"].endswith(".")
    assert shelf.url() not in str(refused.body) + str(_listed(system))

    shelf.down, shelf.answers, shelf.feeds = False, {}, {"/feed.ics": calendar()}
    assert _hold(system, idempotency_key=ONCE).status == 201


@pytest.mark.parametrize("trouble", ["down", "malformed", "redirect", "gone"])
def test_accepted_unchecked(system: System, shelf: Shelf, trouble: str) -> None:
    """Policy accept: held, and the booking says that the calendar was not checked.

    Cases: E-9.3
    """
    _policy(system, "accept")
    _trouble(shelf, trouble)
    _add(system, shelf.url())

    held = _hold(system)

    assert held.status == 201, held
    shown = system.request("GET", f"/v1/bookings/{held.body['id']}", key="secret").body
    assert shown["calendar_unchecked"] is True


def test_what_was_known_still_counts_when_it_cannot_be_read(system: System, shelf: Shelf) -> None:
    """Policy accept books unchecked times, but never those already known to be busy.

    Cases: E-9.3
    """
    _policy(system, "accept")
    shelf.feeds["/feed.ics"] = BUSY_AT_TEN
    _add(system, shelf.url())
    system.sweep("refresh_calendars")
    system.advance(timedelta(hours=1))
    shelf.down = True

    assert _hold(system).body["reason"] == "external_busy"


def test_a_hold_waits_for_all_calendars_together(system: System, shelf: Shelf) -> None:
    """Four slow ones take no longer than one: two and a half seconds.

    Cases: E-9.3
    Proves: ASVS 15.2.2, 16.5.2, API10:2023
    """

    def dribble(handler: Any) -> None:
        pace = threading.Event()
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\n\r\n")
        for _ in range(500):
            handler.wfile.write(b"X")
            pace.wait(0.02)

    for number in range(4):
        shelf.answers[f"/{number}"] = dribble
        _add(system, shelf.url(f"/{number}"))
    begun = time.monotonic()

    answer = _hold(system)

    assert answer.code == "calendar_unreachable"
    assert time.monotonic() - begun < 6
    assert len(shelf.asked) == 4


def test_a_cart_asks_each_calendar_once(system: System, shelf: Shelf) -> None:
    """A hold of several times reads a calendar once, and takes all or nothing.

    Cases: E-9.3
    """
    shelf.feeds["/feed.ics"] = BUSY_AT_TEN
    _add(system, shelf.url())
    items = [
        {
            name: system.hold_body(start)[name]
            for name in ("resource_id", "offering_id", "starts_at")
        }
        for start in (TEN, TUESDAY)
    ]
    customer = {"name": "Grace Hopper", "email": "grace@example.com"}

    both = system.request("POST", "/v1/holds", {"items": items, "customer": customer})
    one = system.request("POST", "/v1/holds", {"items": items[1:], "customer": customer})

    assert both.status in {409, 422}, both
    assert one.status == 201, one
    assert len(shelf.asked) == 1


def _trouble(shelf: Shelf, kind: str) -> None:
    def redirect(handler: Any) -> None:
        handler.send_response(302)
        handler.send_header("Location", shelf.url("/other.ics"))
        handler.end_headers()

    if kind == "down":
        shelf.down = True
    elif kind == "malformed":
        shelf.feeds["/feed.ics"] = BUSY_AT_TEN[:-30]
    elif kind == "redirect":
        shelf.answers["/feed.ics"] = redirect
        shelf.feeds["/other.ics"] = calendar()


def test_the_shipped_source_does_not_read_this_machine(system: System) -> None:
    """Without a test's permission, an address of this machine is refused, and not requested.

    Proves: ASVS 1.3.6, API7:2023
    """
    assert isinstance(reading.source(), Feed)
    with feeds.running() as shelf:
        shelf.feeds["/feed.ics"] = calendar()
        _add(system, f"https://localhost:{shelf.port}/feed.ics")

        swept = system.sweep("refresh_calendars")

        assert swept == {"read": 0, "failed": 1}
        assert shelf.asked == []
    assert "public Internet" in _listed(system)["failure"]


# The sweep ---------------------------------------------------------------------------------------


def test_a_failing_calendar_is_asked_less_and_less(system: System, shelf: Shelf) -> None:
    """The other calendars are read as usual."""
    shelf.feeds["/good.ics"] = calendar()
    _add(system, shelf.url("/bad.ics"))
    _add(system, shelf.url("/good.ics"))
    for _ in range(24):
        system.sweep("refresh_calendars")
        system.advance(timedelta(minutes=5, seconds=1))

    asked = [path for path, _ in shelf.asked]
    assert asked.count("/good.ics") == 24
    assert 3 <= asked.count("/bad.ics") <= 6


def test_a_changed_feed_is_read_again(system: System, shelf: Shelf) -> None:
    """What is no longer in it is free again."""
    shelf.feeds["/feed.ics"] = BUSY_AT_TEN
    _add(system, shelf.url())
    system.sweep("refresh_calendars")
    shelf.feeds["/feed.ics"] = calendar()
    system.advance(timedelta(minutes=6))

    system.sweep("refresh_calendars")

    assert _hold(system).status == 201


@pytest.mark.parametrize(
    ("change", "conditional"),
    [
        ("select 1", True),
        ("update core.resources set timezone = 'America/New_York'", False),
        ("update core.resources set horizon_days = horizon_days + 60", False),
        ("update core.calendars set busy_until = busy_until - interval '30 days'", False),
    ],
)
def test_what_is_known_must_reach_far_enough_to_be_unchanged(
    system: System, shelf: Shelf, change: str, conditional: bool
) -> None:
    """The whole feed is requested when the zone has changed, or the horizon has advanced."""
    shelf.feeds["/feed.ics"] = BUSY_AT_TEN
    _add(system, shelf.url())
    system.sweep("refresh_calendars")
    system.advance(timedelta(minutes=6))
    system.database.execute(change)

    assert system.sweep("refresh_calendars") == {"read": 1, "failed": 0}
    assert ("If-None-Match" in shelf.asked[-1][1]) is conditional
    assert system.database.value("select count(*) from core.external_busy") == 1


def test_a_removed_calendar_takes_no_time(system: System, shelf: Shelf) -> None:
    """What it blocked is free at once; removing it again finds nothing."""
    shelf.feeds["/feed.ics"] = BUSY_AT_TEN
    added = _add(system, shelf.url())
    system.sweep("refresh_calendars")

    removed = system.request("DELETE", _path(system, ident=added["id"]), key="secret")
    again = system.request("DELETE", _path(system, ident=added["id"]), key="secret")

    assert (removed.status, again.status) == (204, 404)
    assert _hold(system).status == 201


# Crashes -----------------------------------------------------------------------------------------


CALLS = (
    "postgres rate_policy",
    "dynamodb UpdateItem",  # one more hold of this address
    "dynamodb PutItem",
    "postgres create_hold",
    "postgres begin_calendar_read",
    "postgres store_calendar_busy",
    "postgres create_hold",
    "dynamodb UpdateItem",
)


@pytest.mark.parametrize("moment", crashes.MOMENTS)
@pytest.mark.parametrize("at", range(len(CALLS)))
def test_a_crash_while_calendars_are_read(
    system: System, shelf: Shelf, at: int, moment: str
) -> None:
    """A request that is repeated after a crash at any call makes one hold.

    Cases: E-9.3
    """
    shelf.feeds["/feed.ics"] = calendar()
    _add(system, shelf.url())

    with external_calls(at, moment) as calls:
        try:
            _hold(system, idempotency_key=ONCE)
        except crashes.Crash:
            system.close()
    assert calls.struck
    assert tuple(calls.names[: at + 1]) == CALLS[: at + 1]

    end_leases(system)
    answers = [_hold(system, idempotency_key=ONCE) for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].body == answers[1].body
    assert system.database.value("select count(*) from core.bookings") == 1
    assert _listed(system)["failure"] is None
    assert violations(system.database) == []


# Adding ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("https://x.example/a.ics", "https://x.example/a.ics"),
        ("HTTPS://x.example/a.ics", "https://x.example/a.ics"),
        ("webcal://x.example/a.ics", "https://x.example/a.ics"),
    ],
)
def test_addresses_are_taken_as_people_have_them(system: System, given: str, stored: str) -> None:
    """A webcal address becomes an https one; it is in no answer."""
    added = _add(system, given)

    assert system.database.value("select url from core.calendars") == stored
    assert "x.example" not in str(added) + str(_listed(system))


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://x.example/a.ics"},
        {"url": "ftp://x.example/a.ics"},
        {"url": "https://user:pass@x.example/a.ics"},
        {"url": "https://x.example/a.ics#part"},
        {"url": "https://"},
        {"url": "https://x.example/ a"},
        {"url": "https://x.example/" + "a" * 2000},
        {"url": None},
        {"name": ""},
        {"name": "a" * 201},
        {"fresh_seconds": 29},
        {"fresh_seconds": 86401},
        {"due_at": "now"},
    ],
)
def test_bad_calendars_are_refused(system: System, change: dict[str, Any]) -> None:
    """422, and nothing is added."""
    body = {"name": "Private", "url": "https://x.example/a.ics"} | change

    answer = system.request("POST", _path(system), body, key="secret")

    assert (answer.status, answer.code) == (422, "invalid_request")
    assert system.database.value("select count(*) from core.calendars") == 0


def test_adding_twice_is_adding_once(system: System) -> None:
    """The same key is the same calendar; another body with it is refused; at most five are
    allowed.
    """
    body = {"name": "Private", "url": "https://x.example/a.ics"}
    first, second = (
        system.request("POST", _path(system), body, key="secret", idempotency_key="k")
        for _ in range(2)
    )
    other = system.request(
        "POST", _path(system), body | {"name": "Else"}, key="secret", idempotency_key="k"
    )
    more = [system.request("POST", _path(system), body, key="secret").status for _ in range(5)]

    assert first.body == second.body
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert more == [201] * 4 + [409]


def test_only_servers_of_the_tenant_manage_calendars(system: System) -> None:
    """A publishable key is refused, and an unknown resource or calendar is not found.

    Proves: ASVS 8.2.1, API5:2023
    """
    body = {"name": "Private", "url": "https://x.example/a.ics"}
    added = _add(system, body["url"])
    requests = [
        ("POST", _path(system), body),
        ("GET", _path(system), None),
        ("DELETE", _path(system, ident=added["id"]), None),
        ("POST", _path(system, "calendar-feeds"), None),
        ("GET", _path(system, "calendar-feeds"), None),
        ("DELETE", _path(system, "calendar-feeds", UNKNOWN), None),
    ]
    for method, path, sent in requests:
        assert system.request(method, path, sent).code == "forbidden", path
        elsewhere = path.replace(system.resource["id"], UNKNOWN)
        assert system.request(method, elsewhere, sent, key="secret").code == "not_found", path
    assert _listed(system)["id"] == added["id"]


# Our feeds ---------------------------------------------------------------------------------------


def _feed(system: System, **how: Any) -> dict[str, Any]:
    answer = system.request("POST", _path(system, "calendar-feeds"), key="secret", **how)
    assert answer.status == 201, answer
    given: dict[str, Any] = answer.body
    return given


def _read(system: System, url: str, **headers: str) -> Answer:
    path = url.removeprefix("http://api.example")  # the local gateway has no TLS
    return system.request("GET", path, key=None, headers=headers)


def test_a_feed_has_the_bookings(system: System) -> None:
    """Each live booking is an event, with a stable id and a growing sequence.

    Cases: E-9.3
    """
    url = _feed(system)["url"]
    held = system.hold(TEN)
    _, session = system.checkout(held)
    first = _read(system, url)
    system.pay(session)
    system.deliver_webhooks()

    second = _read(system, url)

    assert second.headers["content-type"] == "text/calendar; charset=utf-8"
    assert second.headers["cache-control"].startswith("private")
    before, after = _event(first), _event(second)
    assert before["UID"] == after["UID"] == f"{held['id']}@holdfast"
    assert (before["STATUS"], after["STATUS"]) == ("TENTATIVE", "CONFIRMED")
    assert int(str(after["SEQUENCE"])) > int(str(before["SEQUENCE"]))
    assert str(after["SUMMARY"]).endswith(": Grace Hopper")
    assert (after.start.isoformat(), after.end.isoformat()) == (
        held["starts_at"].replace("Z", "+00:00"),
        held["ends_at"].replace("Z", "+00:00"),
    )
    assert "grace@example.com" not in second.body.decode()


def test_a_feed_lets_go_of_what_is_over(system: System) -> None:
    """Neither a released hold is in it nor an expired one, with or without a sweep."""
    url = _feed(system)["url"]
    released, forgotten = system.hold(TEN), system.hold(TUESDAY)
    system.request("DELETE", f"/v1/holds/{released['id']}", secret=released["client_secret"])
    with_one = _read(system, url).body
    system.advance(timedelta(minutes=10))

    assert with_one.count(b"BEGIN:VEVENT") == 1
    assert forgotten["id"].encode() in with_one
    assert _read(system, url).body.count(b"BEGIN:VEVENT") == 0


def test_an_unchanged_feed_is_not_sent_again(system: System) -> None:
    """304 with the right ETag; the text is the same as long as the bookings are."""
    url = _feed(system)["url"]
    system.hold(TEN)
    tag = _read(system, url).headers["etag"]

    again = _read(system, url, **{"if-none-match": tag})
    system.hold(TUESDAY)

    assert again.status == 304
    assert _read(system, url, **{"if-none-match": tag}).status == 200


def test_the_address_is_shown_once_and_can_be_revoked(system: System) -> None:
    """A repeat of the request shows it again, a list does not; a revoked address is not found.

    Proves: ASVS 7.4.1
    """
    first, repeat = (_feed(system, idempotency_key="k") for _ in range(2))
    listed = system.request("GET", _path(system, "calendar-feeds"), key="secret").body["feeds"]
    path = _path(system, "calendar-feeds", first["id"])

    assert first == repeat
    assert [feed["id"] for feed in listed] == [first["id"]]
    assert "cal_" not in str(listed)
    assert _read(system, first["url"]).status == 200
    revoked = [system.request("DELETE", path, key="secret") for _ in range(2)]
    assert revoked[0].body == revoked[1].body
    assert revoked[0].body["revoked_at"] is not None
    assert _read(system, first["url"]).code == "not_found"


def test_other_addresses_open_nothing(system: System) -> None:
    """Unknown, malformed and truncated addresses get the same answer.

    Proves: ASVS 8.2.2
    """
    url = _feed(system)["url"]
    others = [
        url.replace("cal_", "cal-"),
        url[:-5] + ".ics",
        url.removesuffix(".ics"),
        url.rpartition("/")[0] + "/x.ics",
        url.rpartition("/")[0] + "/" + "a" * 3000 + ".ics",
    ]

    answers = [_read(system, other) for other in others]

    assert {(answer.status, answer.code) for answer in answers} == {(404, "not_found")}
