"""Calendars that are read, and feeds that are given."""

from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.calendars import reading
from tests.answers import steps
from tests.answers.operations import CATALOGUE
from tests.answers.recorder import Recorder
from tests.harness.servers import feeds
from tests.harness.system.setup import TEN


@contextmanager
def _shelf() -> Iterator[feeds.Shelf]:
    """A server of feeds, which the functions may reach."""
    source = reading.source
    with feeds.running() as shelf:
        setattr(reading, "source", shelf.source)  # noqa: B010 this server is no public one
        try:
            yield shelf
        finally:
            setattr(reading, "source", source)  # noqa: B010


def calendars(it: Recorder) -> None:
    """Calendars kept elsewhere and what they take; feeds that are given out."""
    resource = it.system.resource["id"]
    path = f"{CATALOGUE}/resources/{resource}"
    with _shelf() as shelf:
        shelf.feeds["/feed.ics"] = feeds.calendar(
            feeds.event(UID="1", DTSTART="20300107T103000Z", DTEND="20300107T113000Z")
        )
        it.title("A calendar, its events, and what a hold does")
        body = {"name": "Private", "url": shelf.url()}
        made = it.ask("POST", f"{path}/calendars", body, by="secret", key="calendar-1").body
        it.ask("POST", f"{path}/calendars", body, by="secret", key="calendar-1")
        it.ask("POST", f"{path}/calendars", body | {"name": "X"}, by="secret", key="calendar-1")
        it.ask("GET", f"{path}/calendars", by="secret")
        it.ask("POST", "/v1/holds", steps.lesson(it))
        it.ask("GET", f"{path}/calendars", by="secret")
        it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(8)))
        explain = f"offering_id={it.system.resource['offerings'][0]['id']}&starts_at={TEN}"
        it.ask("GET", f"/v1/resources/{resource}/slots/explain?{explain}", by="secret")

        it.title("A calendar that cannot be read")
        it.later(10)
        shelf.down = True
        it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(9)))
        it.ask("GET", f"{path}/calendars", by="secret")
        policy = {"calendar_policy": "accept"}
        it.ask("PATCH", path, policy, by="secret", headers={"if-match": "*"})
        it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(9)))
        it.ask("POST", "/v1/holds", steps.lesson(it))
        it.ask("DELETE", f"{path}/calendars/{made['id']}", by="secret")
        it.ask("DELETE", f"{path}/calendars/{made['id']}", by="secret")

    it.title("Addresses that are none, and too many of them")
    for url in ("http://a.example/x.ics", "https://127.0.0.1/x", "https://a.example/#x", "x", ""):
        it.ask("POST", f"{path}/calendars", {"name": "X", "url": url}, by="secret")
    for number in range(6):
        body = {"name": f"Number {number}", "url": f"webcal://a.example/{number}.ics"}
        it.ask("POST", f"{path}/calendars", body, by="secret")

    it.title("A feed")
    held = steps.paid(it, **steps.request(it, 1, starts_at=steps.day(8, "14:00")))
    path = f"{CATALOGUE}/resources/{it.system.studio['id']}/calendar-feeds"
    feed = it.ask("POST", path, by="secret", key="feed-1").body
    it.ask("POST", path, by="secret", key="feed-1")
    it.ask("GET", path, by="secret")
    address = "/v1/" + feed["url"].partition("/v1/")[2]
    answer = it.ask("GET", address, by=None)
    it.ask("GET", address, by=None, headers={"if-none-match": answer.headers["etag"]})
    it.ask("HEAD", address, by=None)
    it.system.move(held, steps.day(9, "14:00"))
    it.ask("GET", address, by=None)
    it.ask("DELETE", f"{path}/{feed['id']}", by="secret")
    it.ask("DELETE", f"{path}/{feed['id']}", by="secret")
    it.ask("GET", address, by=None)
    it.ask("GET", path, by="secret")
    for number in range(11):
        it.ask("POST", path, by="secret", key=f"feed-of-many-{number}")
