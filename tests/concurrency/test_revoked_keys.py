"""A key that is revoked while its call waits for a lock acts no more.

Each function that changes something for a caller waits here for another transaction, in the middle
of which the caller's key is revoked and the revocation committed. Then the other gives way.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.harness.clients.desk import Call, Desk, Held, refusal, settle_call
from tests.harness.database import twins
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


def _holds(desk: Desk) -> Meeting:
    first, second = (desk.hold_call(CLASS, resource=desk.studio) for _ in range(2))
    return first, second


def _held(desk: Desk) -> Held:
    return desk.hold(TEN)


def _moves(desk: Desk) -> Meeting:
    return desk.hold_call(TWO), desk.reschedule_call(_held(desk), TWO)


def _checkouts(desk: Desk) -> Meeting:
    held = _held(desk)
    return desk.release_call(held), desk.checkout_call(held)


def _releases(desk: Desk) -> Meeting:
    held = _held(desk)
    return desk.checkout_call(held), desk.release_call(held)


def _attachments(desk: Desk) -> Meeting:
    held = _held(desk)
    checkout = desk.call(desk.checkout_call(held))["checkout"]
    call: Call = ("attach_checkout", (desk.actor(held.secret), held.id, checkout["id"], None))
    return desk.release_call(held), call


def _changes(desk: Desk) -> Meeting:
    held, session = desk.checkout(TEN)
    desk.call(settle_call(session, "paid"))
    desk.database.execute("update core.prices set amount = amount + 1000")
    desk.call(desk.reschedule_call(held, TWO))
    return desk.checkout_call(held), desk.abandon_call(held)


def _places(desk: Desk) -> Meeting:
    _held(desk)
    customer = {"name": "Emmy", "email": "emmy@example.com"}
    first, second = (desk.wait_call(TEN, customer=customer) for _ in range(2))
    return first, second


def _leavers(desk: Desk) -> Meeting:
    _held(desk)
    call: Call = ("leave_waitlist", (desk.actor((place := desk.wait(TEN)).secret), place.id, None))
    return call, call


def _server(desk: Desk, function: str, *arguments: object) -> Call:
    return function, (desk.actor(kind="secret"), *arguments)


def _new_item(desk: Desk) -> Call:
    blackout = {"from_date": "2027-12-24", "to_date": "2027-12-26", "reason": None}
    names = ("blackout", desk.tutor["id"], str(uuid4()), uuid4(), blackout)
    return _server(desk, "create_catalogue_item", *names)


def _new_items(desk: Desk) -> Meeting:
    return _new_item(desk), _new_item(desk)


def _changed_items(desk: Desk) -> Meeting:
    names = ("resource", None, desk.tutor["id"], None, {"step_minutes": 60})
    return _new_item(desk), _server(desk, "change_catalogue_item", *names)


def _removed_items(desk: Desk) -> Meeting:
    names = ("resource", None, desk.tutor["id"], None)
    return _new_item(desk), _server(desk, "remove_catalogue_item", *names)


def _calendar(desk: Desk) -> Call:
    wanted = {"resource_id": desk.tutor["id"], "name": "Private", "fresh_seconds": 300}
    wanted |= {"url": "https://calendar.example/a.ics"}
    return _server(desk, "create_calendar", "the-key", uuid4(), wanted)


def _calendars(desk: Desk) -> Meeting:
    return _calendar(desk), _calendar(desk)


def _deleted_calendars(desk: Desk) -> Meeting:
    identifier = desk.call(_calendar(desk))["id"]
    call = _server(desk, "delete_calendar", desk.tutor["id"], identifier)
    return call, call


def _feed(desk: Desk) -> Call:
    identifier = uuid4()
    names = ("the-key", identifier, identifier.bytes * 2, desk.tutor["id"])
    return _server(desk, "create_calendar_feed", *names)


def _feeds(desk: Desk) -> Meeting:
    return _feed(desk), _feed(desk)


def _revoked_feeds(desk: Desk) -> Meeting:
    identifier = desk.call(_feed(desk))["id"]
    call = _server(desk, "revoke_calendar_feed", desk.tutor["id"], identifier)
    return call, call


def _erasures(desk: Desk) -> Meeting:
    customer = {"name": "Emmy", "email": "emmy@example.com"}
    desk.call(desk.release_call(desk.hold(TEN, customer=customer)))
    call = _server(desk, "erase_customer", {"email": customer["email"]})
    return desk.hold_call(TWO, customer=customer), call


MEETINGS: dict[str, Callable[[Desk], Meeting]] = {
    "create_hold": _holds,
    "reschedule": _moves,
    "begin_checkout": _checkouts,
    "release_hold": _releases,
    "attach_checkout": _attachments,
    "abandon_change": _changes,
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


def _revoke(desk: Desk) -> None:
    revoked_at = datetime(2027, 1, 11, 6, tzinfo=UTC)
    desk.database.execute("update core.api_keys set revoked_at = %s", revoked_at)


def _rows(desk: Desk) -> dict[str, str]:
    return digests(desk.database, without=("core.api_keys",))


def _meet(desk: Desk, function: str) -> tuple[dict[str, str], BaseException | None]:
    """The rows before, and what becomes of the one who waits while the key is revoked."""
    first, second = MEETINGS[function](desk)
    assert second[0] == function
    before = _rows(desk)
    earlier, _ = desk.begin(first)
    _, waiting = desk.start(second)
    _revoke(desk)
    earlier.rollback()
    return before, waiting.exception(10)


def test_every_function_that_changes_something_is_met(desk: Desk) -> None:
    """Those of schema api that authorise a caller and wait for locks, and no others."""
    assert [row.name for row in desk.database.rows(_WRITERS)] == sorted(MEETINGS)


@pytest.mark.parametrize("function", MEETINGS)
def test_a_key_revoked_while_its_call_waits_acts_no_more(desk: Desk, function: str) -> None:
    """401 after the wait, and nothing is changed.

    Cases: E-3.7, P-7
    Proves: ASVS 7.4.1, 8.3.2, 15.4.2, API2:2023
    """
    before, error = _meet(desk, function)

    assert refusal(error) == "KHAUT"
    assert _rows(desk) == before
    assert violations(desk.database) == []


@pytest.mark.parametrize("function", MEETINGS)
def test_twin_that_does_not_ask_again_lets_it_act(desk: Desk, function: str) -> None:
    """Without the second question the call goes on as if nothing had happened."""
    twins.forget_revocation(desk.database)

    _, error = _meet(desk, function)

    assert error is None


def test_a_repeat_that_waited_is_not_answered_either(desk: Desk) -> None:
    """Who waits for their own earlier call is asked again before they get its answer.

    Proves: ASVS 7.4.1, 8.3.2
    """
    customer = {"name": "Grace", "email": "grace@example.com"}
    calls = [desk.hold_call(TEN, key="the-key", customer=customer) for _ in range(2)]
    earlier, _ = desk.begin(calls[0])
    _, waiting = desk.start(calls[1])
    _revoke(desk)
    earlier.commit()

    assert refusal(waiting.exception(10)) == "KHAUT"
