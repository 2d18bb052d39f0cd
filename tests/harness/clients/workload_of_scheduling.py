"""The arguments for the functions of the catalogue, of calendars and of the waitlist.

See `workload`. What would affect the other calls, such as a calendar that has to be read before a
hold, belongs to other resources.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from tests.harness.clients.calls import Held, refused, utc
from tests.harness.clients.waiting import Place, wait_for
from tests.harness.clients.workload import Action, Workload, nothing
from tests.harness.database.builders import NOW, sha256

_OPENS = {"weekday": 1, "opens": "09:00", "closes": "17:00"}


class Given(NamedTuple):
    """Something that a resource has."""

    resource_id: UUID
    id: UUID


def _manage(w: Workload, function: str, *arguments: object) -> Any:
    return w.api.call(function, w.server, *arguments)


def _resource(w: Workload) -> UUID:
    return w.tenant.resource()


def _add_hours(w: Workload, resource_id: UUID) -> UUID:
    identifier = uuid4()
    arguments = ("hours", resource_id, str(identifier), identifier, _OPENS)
    _manage(w, "create_catalogue_item", *arguments)
    return identifier


def _hours(w: Workload) -> Given:
    resource_id = _resource(w)
    return Given(resource_id, _add_hours(w, resource_id))


def _close(w: Workload, held: Held) -> None:
    """A blackout over a booking, which the answer lists."""
    period = {"starts_at": held.answer["starts_at"], "ends_at": held.answer["ends_at"]}
    arguments = ("blackout", w.offer.resource_id, str(held.id), held.id, period)
    assert _manage(w, "create_catalogue_item", *arguments)


def _add_calendar(w: Workload, resource_id: UUID) -> UUID:
    identifier = uuid4()
    feed = {"name": "Own", "url": "https://a.example/", "fresh_seconds": 300}
    wanted = feed | {"resource_id": str(resource_id)}
    _manage(w, "create_calendar", str(identifier), identifier, wanted)
    return identifier


def _calendar(w: Workload) -> Given:
    resource_id = _resource(w)
    return Given(resource_id, _add_calendar(w, resource_id))


def _reading(w: Workload) -> dict[str, Any]:
    """A calendar that is being read."""
    (task,) = w.api.call("begin_calendar_read", Jsonb([str(_calendar(w).id)]))
    return dict(task)


def _store(w: Workload, task: dict[str, Any]) -> None:
    busy = [[task["from"], task["until"]]]
    reading = {"outcome": "read", "busy": busy, "until": task["until"], "etag": "1"}
    answer = w.api.call("store_calendar_busy", task["id"], task["begun_at"], reading)
    assert answer == {"result": "stored"}


def _add_feed(w: Workload, resource_id: UUID) -> UUID:
    identifier = uuid4()
    token_hash = sha256(str(identifier))
    arguments = (str(identifier), identifier, token_hash, resource_id)
    _manage(w, "create_calendar_feed", *arguments)
    return identifier


def _feed(w: Workload, resource_id: UUID | None = None) -> Given:
    resource_id = resource_id or _resource(w)
    return Given(resource_id, _add_feed(w, resource_id))


def _join(w: Workload, held: Held) -> Place:
    return wait_for(w.api, w.queue, utc(held.answer["starts_at"]))


def _join_as(kind: str) -> Callable[[Workload, Held], Place]:
    """The same for a server, or for a browser with a known network address."""
    return lambda w, held: wait_for(
        w.api,
        w.queue,
        utc(held.answer["starts_at"]),
        actor=w.tenant.actor(kind, address="203.0.113.7"),
    )


def _place(w: Workload) -> Place:
    return _join(w, w.sought())


def _overtaken(w: Workload) -> Place:
    """An entry whose time is free, because the hold on it has expired."""
    held = w.sought()
    place = _join(w, held)
    query = "update core.bookings set hold_expires_at = %s where id = %s"
    w.api.database.execute(query, NOW - timedelta(seconds=1), held.id)
    return place


def _waited_for(w: Workload) -> Held:
    """A hold whose time another customer waits for."""
    held = w.sought()
    _join(w, held)
    return held


def _of_place(function: str, *more: object) -> Callable[[Workload, Place], object]:
    return lambda w, place: w.api.call(function, place.actor, place.id, *more)


SCHEDULING = {
    "create_catalogue_item": Action(_resource, _add_hours),
    "create_catalogue_item, blackout": Action(Workload.hold, _close),
    "change_catalogue_item": Action(
        _hours,
        lambda w, hours: _manage(w, "change_catalogue_item", "hours", *hours, None, _OPENS),
    ),
    "remove_catalogue_item": Action(
        _hours, lambda w, hours: _manage(w, "remove_catalogue_item", "hours", *hours, None)
    ),
    "get_catalogue_item": Action(
        nothing, lambda w, _: _manage(w, "get_catalogue_item", "resource", w.offer.resource_id)
    ),
    "list_catalogue_items": Action(
        nothing,
        lambda w, _: _manage(w, "list_catalogue_items", "pool", None, False, None, 10),
    ),
    "create_calendar": Action(_resource, _add_calendar),
    "list_calendars": Action(
        _calendar, lambda w, calendar: _manage(w, "list_calendars", calendar.resource_id)
    ),
    "delete_calendar": Action(
        _calendar, lambda w, calendar: _manage(w, "delete_calendar", *calendar)
    ),
    "begin_calendar_read": Action(
        _calendar, lambda w, calendar: w.api.call("begin_calendar_read", Jsonb([str(calendar.id)]))
    ),
    "claim_calendars": Action(_calendar, lambda w, _: w.api.call("claim_calendars", 1)),
    "store_calendar_busy": Action(_reading, _store),
    "create_calendar_feed": Action(_resource, _add_feed),
    "list_calendar_feeds": Action(
        _feed, lambda w, feed: _manage(w, "list_calendar_feeds", feed.resource_id)
    ),
    "revoke_calendar_feed": Action(
        _feed, lambda w, feed: _manage(w, "revoke_calendar_feed", *feed)
    ),
    "read_calendar_feed": Action(
        _feed, lambda w, feed: w.api.call("read_calendar_feed", sha256(str(feed.id)))
    ),
    "join_waitlist": Action(Workload.sought, _join),
    "join_waitlist, of an address": Action(Workload.sought, _join_as("publishable")),
    "join_waitlist, of a server": Action(Workload.sought, _join_as("secret")),
    "get_waitlist_entry": Action(_place, _of_place("get_waitlist_entry")),
    "leave_waitlist": Action(_place, _of_place("leave_waitlist", None)),
    "list_waitlist": Action(nothing, lambda w, _: _manage(w, "list_waitlist", {}, None, 10)),
    "offer_waiting": Action(_overtaken, lambda w, _: w.api.call("offer_waiting", 1)),
    "create_hold, waited for": Action(
        _overtaken, lambda w, place: refused(w.api.hold, w.queue, place.row.starts_at).sqlstate
    ),
    "expire_holds, waited for": Action(_overtaken, lambda w, _: w.api.call("expire_holds", 1)),
    "release_hold, waited for": Action(
        _waited_for,
        lambda w, held: w.about("release_hold", held, None),
    ),
}
