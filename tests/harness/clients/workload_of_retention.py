"""The calls that delete old data, and that export or erase customers; see `workload`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.harness.clients.calls import Held, utc
from tests.harness.clients.workload import Action, Workload, nothing
from tests.harness.database.builders import NOW, sha256

_LONG_AGO = NOW - timedelta(days=50)
# behind all triggers, one of which would count it as a change of today
_AGE = """
set session_replication_role = replica;
update core.bookings set updated_at = %(at)s where id = %(id)s;
update core.stripe_events set received_at = %(at)s where booking_id = %(id)s;
update core.effects set updated_at = %(at)s where booking_id = %(id)s;
update core.idempotency_keys set created_at = %(at)s where result_id = %(id)s;
update core.waitlist set updated_at = %(at)s where id = %(id)s;
"""
_KINDS = {"places": 1, "bookings": 2, "requests": 3, "events": 4, "effects": 5, "failures": 6}


def _age(w: Workload, identifier: Any) -> None:
    with w.api.database.connect(autocommit=True) as connection:
        for statement in _AGE.split(";\n")[:-1]:
            values = {"at": _LONG_AGO, "id": identifier} if "%" in statement else None
            connection.execute(statement.encode(), values)
        # what this reads is counted now, and not while the call is watched
        connection.execute("select pg_stat_force_next_flush()")


def _unpaid(w: Workload) -> None:
    """A booking that was never paid, with everything that such a booking can have."""
    checkout = w.checkout()
    w.about("release_hold", checkout.held, None)
    w.api.settle(checkout, "expired")
    w.api.database.execute(
        "update core.effects set state = 'done' where booking_id = %s", checkout.held.id
    )
    _age(w, checkout.held.id)


def _ended(w: Workload) -> None:
    """An entry that its customer left."""
    held = w.sought()
    secret = str(uuid4())
    starts_at = utc(held.answer["starts_at"])
    customer = {"name": "Ada", "email": f"{secret}@example.com"}
    request = w.queue.request(starts_at, customer=customer) | {"date": None}
    place = w.api.call("join_waitlist", w.tenant.actor(), secret, uuid4(), sha256(secret), request)
    w.api.call("leave_waitlist", w.tenant.actor(secret=secret), place["id"], None)
    _age(w, place["id"])


def _failed(w: Workload) -> None:
    """A row that a sweep failed at long ago."""
    w.api.database.execute(
        "insert into core.sweep_failures (tenant_id, sweep, row_id, sqlstate, retry_at, updated_at)"
        " values (%s, 'expire_holds', %s, 'XX000', %s, %s)",
        *(w.tenant.id, uuid4(), _LONG_AGO, _LONG_AGO),
    )


def _sweep(kind: str) -> Callable[[Workload, None], None]:
    def act(w: Workload, _: None) -> None:
        after = {"tenant_id": str(w.tenant.id), "kind": _KINDS[kind]}
        answer = w.api.call("delete_expired_records", after, 1)
        assert answer[kind] == 1, answer

    return act


def _begin(w: Workload, _: None) -> None:
    """Tenants that have nothing to delete."""
    answer = w.api.call("delete_expired_records", None, 10)
    assert answer["bookings"] == 0


def _only_the_longest(w: Workload) -> None:
    """Of all resources the one with the most openings is always due."""
    w.api.database.execute(
        "update core.timetables set compiled_at = 'infinity' where resource_id <> %s",
        w.offer.resource_id,
    )


def _compile(w: Workload, _: None) -> None:
    """The resource that is due."""
    answer = w.api.call("compile_openings", {"before": "2999-01-01T00:00:00Z"}, 1)
    assert answer["resources"] == 1, answer


def _released(w: Workload) -> Held:
    held = w.hold()
    w.about("release_hold", held, None)
    return held


def _of_person(function: str, *arguments: object) -> Callable[[Workload, Held], Any]:
    def act(w: Workload, held: Held) -> None:
        wanted = {"email": held.answer["customer"]["email"]}
        w.api.call(function, w.server, wanted, *arguments)

    return act


RETENTION = {
    "delete_expired_records": Action(nothing, _begin),
    "delete_expired_records, bookings": Action(_unpaid, _sweep("bookings")),
    "delete_expired_records, places": Action(_ended, _sweep("places")),
    "delete_expired_records, requests": Action(_unpaid, _sweep("requests")),
    "delete_expired_records, events": Action(_unpaid, _sweep("events")),
    "delete_expired_records, effects": Action(_unpaid, _sweep("effects")),
    "delete_expired_records, failures": Action(_failed, _sweep("failures")),
    # all openings of a horizon of 700 days: compared, then looked through for overlaps;
    # and the entries of what was deleted when other actions changed its rules
    "compile_openings": Action(_only_the_longest, _compile, entries=10 * (700 + 42)),
    "export_customer": Action(Workload.hold, _of_person("export_customer", None, 10)),
    "erase_customer": Action(_released, _of_person("erase_customer")),
    "list_bookings, reference": Action(
        Workload.hold,
        lambda w, held: w.list_bookings(reference=held.answer["reference"]),
    ),
}
