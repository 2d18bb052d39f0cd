"""A key that is revoked while its call waits for a lock acts no more.

Each function that changes something for a caller waits here for another transaction, in the middle
of which the caller's key is revoked and the revocation committed. Then the other gives way.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.harness.clients.db_client import Call, DbClient, Held, refusal, settle_call
from tests.harness.database import guardless
from tests.harness.database.digests import digests
from tests.harness.laws.invariants import violations

TEN, TWO = "2027-01-11T10:00:00Z", "2027-01-11T14:00:00Z"
CLASS = "2027-01-11T15:00:00Z"  # eight places: two holds only wait for each other
Meeting = tuple[Call, Call]  # who is first, and gives way; who waits, and loses their key

_WRITERS = """
select p.proname as name
from pg_proc as p
where p.pronamespace = 'api'::regnamespace and p.prosrc like '%core.authorize(%'
    and exists (select from unnest(p.proconfig) as c where c like 'lock_timeout=%')
order by 1
"""


def _holds(db_client: DbClient) -> Meeting:
    first, second = (db_client.hold_call(CLASS, resource=db_client.studio) for _ in range(2))
    return first, second


def _held(db_client: DbClient) -> Held:
    return db_client.hold(TEN)


def _moves(db_client: DbClient) -> Meeting:
    return db_client.hold_call(TWO), db_client.reschedule_call(_held(db_client), TWO)


def _checkouts(db_client: DbClient) -> Meeting:
    held = _held(db_client)
    return db_client.release_call(held), db_client.checkout_call(held)


def _releases(db_client: DbClient) -> Meeting:
    held = _held(db_client)
    return db_client.checkout_call(held), db_client.release_call(held)


def _attachments(db_client: DbClient) -> Meeting:
    held = _held(db_client)
    checkout = db_client.call(db_client.checkout_call(held))["checkout"]
    call: Call = ("attach_checkout", (db_client.actor(held.secret), held.id, checkout["id"], None))
    return db_client.release_call(held), call


def _changes(db_client: DbClient) -> Meeting:
    held, session = db_client.checkout(TEN)
    db_client.call(settle_call(session, "paid"))
    db_client.database.execute("update core.prices set amount = amount + 1000")
    db_client.call(db_client.reschedule_call(held, TWO))
    return db_client.checkout_call(held), db_client.abandon_call(held)


def _places(db_client: DbClient) -> Meeting:
    _held(db_client)
    customer = {"name": "Emmy", "email": "emmy@example.com"}
    first, second = (db_client.wait_call(TEN, customer=customer) for _ in range(2))
    return first, second


def _leavers(db_client: DbClient) -> Meeting:
    _held(db_client)
    call: Call = (
        "leave_waitlist",
        (db_client.actor((place := db_client.wait(TEN)).secret), place.id, None),
    )
    return call, call


def _server(db_client: DbClient, function: str, *arguments: object) -> Call:
    return function, (db_client.actor(kind="secret"), *arguments)


def _new_item(db_client: DbClient) -> Call:
    blackout = {"from_date": "2027-12-24", "to_date": "2027-12-26", "reason": None}
    names = ("blackout", db_client.tutor["id"], str(uuid4()), uuid4(), blackout)
    return _server(db_client, "create_catalogue_item", *names)


def _new_items(db_client: DbClient) -> Meeting:
    return _new_item(db_client), _new_item(db_client)


def _changed_items(db_client: DbClient) -> Meeting:
    names = ("resource", None, db_client.tutor["id"], None, {"step_minutes": 60})
    return _new_item(db_client), _server(db_client, "change_catalogue_item", *names)


def _removed_items(db_client: DbClient) -> Meeting:
    names = ("resource", None, db_client.tutor["id"], None)
    return _new_item(db_client), _server(db_client, "remove_catalogue_item", *names)


def _calendar(db_client: DbClient) -> Call:
    wanted = {"resource_id": db_client.tutor["id"], "name": "Private", "fresh_seconds": 300}
    wanted |= {"url": "https://calendar.example/a.ics"}
    return _server(db_client, "create_calendar", "the-key", uuid4(), wanted)


def _calendars(db_client: DbClient) -> Meeting:
    return _calendar(db_client), _calendar(db_client)


def _deleted_calendars(db_client: DbClient) -> Meeting:
    identifier = db_client.call(_calendar(db_client))["id"]
    call = _server(db_client, "delete_calendar", db_client.tutor["id"], identifier)
    return call, call


def _feed(db_client: DbClient) -> Call:
    identifier = uuid4()
    names = ("the-key", identifier, identifier.bytes * 2, db_client.tutor["id"])
    return _server(db_client, "create_calendar_feed", *names)


def _feeds(db_client: DbClient) -> Meeting:
    return _feed(db_client), _feed(db_client)


def _revoked_feeds(db_client: DbClient) -> Meeting:
    identifier = db_client.call(_feed(db_client))["id"]
    call = _server(db_client, "revoke_calendar_feed", db_client.tutor["id"], identifier)
    return call, call


def _erasures(db_client: DbClient) -> Meeting:
    customer = {"name": "Emmy", "email": "emmy@example.com"}
    db_client.call(db_client.release_call(db_client.hold(TEN, customer=customer)))
    call = _server(db_client, "erase_customer", {"email": customer["email"]})
    return db_client.hold_call(TWO, customer=customer), call


MEETINGS: dict[str, Callable[[DbClient], Meeting]] = {
    "create_hold": _holds,
    "reschedule_booking": _moves,
    "begin_checkout": _checkouts,
    "release_hold": _releases,
    "attach_checkout": _attachments,
    "cancel_reschedule": _changes,
    "join_waitlist": _places,
    "leave_waitlist": _leavers,
    "create_catalogue_item": _new_items,
    "change_catalogue_item": _changed_items,
    "remove_catalogue_item": _removed_items,
    "create_calendar": _calendars,
    "delete_calendar": _deleted_calendars,
    "create_calendar_feed": _feeds,
    "revoke_calendar_feed": _revoked_feeds,
    "erase_customer": _erasures,
}


def _revoke(db_client: DbClient) -> None:
    revoked_at = datetime(2027, 1, 11, 6, tzinfo=UTC)
    db_client.database.execute("update core.api_keys set revoked_at = %s", revoked_at)


def _rows(db_client: DbClient) -> dict[str, str]:
    return digests(db_client.database, without=("core.api_keys",))


def _meet(db_client: DbClient, function: str) -> tuple[dict[str, str], BaseException | None]:
    """The rows before, and what becomes of the one who waits while the key is revoked."""
    first, second = MEETINGS[function](db_client)
    assert second[0] == function
    before = _rows(db_client)
    earlier, _ = db_client.begin(first)
    _, waiting = db_client.start(second)
    _revoke(db_client)
    earlier.rollback()
    return before, waiting.exception(10)


def test_every_function_that_changes_something_is_met(db_client: DbClient) -> None:
    """Those of schema api that authorise a caller and wait for locks, and no others."""
    assert [row.name for row in db_client.database.rows(_WRITERS)] == sorted(MEETINGS)


@pytest.mark.parametrize("function", MEETINGS)
def test_a_key_revoked_while_its_call_waits_acts_no_more(
    db_client: DbClient, function: str
) -> None:
    """401 after the wait, and nothing is changed.

    Cases: E-3.7, P-7
    Proves: ASVS 7.4.1, 8.3.2, 15.4.2, API2:2023
    """
    before, error = _meet(db_client, function)

    assert refusal(error) == "KHAUT"
    assert _rows(db_client) == before
    assert violations(db_client.database) == []


@pytest.mark.parametrize("function", MEETINGS)
def test_twin_that_does_not_ask_again_lets_it_act(db_client: DbClient, function: str) -> None:
    """Without the second question the call goes on as if nothing had happened."""
    guardless.forget_revocation(db_client.database)

    _, error = _meet(db_client, function)

    assert error is None


def test_a_repeat_that_waited_is_not_answered_either(db_client: DbClient) -> None:
    """Who waits for their own earlier call is asked again before they get its answer.

    Proves: ASVS 7.4.1, 8.3.2
    """
    customer = {"name": "Grace", "email": "grace@example.com"}
    calls = [db_client.hold_call(TEN, key="the-key", customer=customer) for _ in range(2)]
    earlier, _ = db_client.begin(calls[0])
    _, waiting = db_client.start(calls[1])
    _revoke(db_client)
    earlier.commit()

    assert refusal(waiting.exception(10)) == "KHAUT"
