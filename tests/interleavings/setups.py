"""Where two calls can meet: a booking on each step of its way, and what there is to call about it.

All is set on one Monday, with a time a week ahead, so that even a day later it has not begun.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.harness.clients.db_client import DbClient, Held, provider_session, settle_call

TEN, TWO = "2027-01-18T10:00:00Z", "2027-01-18T14:00:00Z"
FOUR = "2027-01-18T16:00:00Z"
ELSEWHERE = {"cancel_url": "https://studio.example/elsewhere"}


@dataclass(frozen=True, slots=True)
class State:
    """What a spec has prepared; None is what it does not have.

    Attributes:
        checkout: the newest attempt to pay, as `core.checkout_json` describes it.
        session: the provider's session of that attempt.
        effect: a leased effect whose lease has expired, as `core.lease_effect` describes it.
        place: a waitlist entry.
        wish: the start that those who join the waitlist want; None where none of them does.
        calendar: the id of an external calendar that was read lately, and found nothing.
    """

    held: Held | None = None
    checkout: Mapping[str, Any] | None = None
    session: Mapping[str, Any] | None = None
    effect: Mapping[str, Any] | None = None
    place: Held | None = None
    wish: str | None = None
    calendar: str | None = None


def _free(db_client: DbClient) -> State:
    """The time is free."""
    return State(calendar=_calendar(db_client))


def _held(db_client: DbClient) -> State:
    """A time is held."""
    return State(db_client.hold(TEN))


def _stale(db_client: DbClient) -> State:
    """A hold has expired, and no sweep has run."""
    held = db_client.hold(TEN)
    _pass(db_client, minutes=6)
    return State(held)


def _creating(db_client: DbClient) -> State:
    """A checkout was begun; its session may have been made, and is not written down."""
    held = db_client.hold(TEN)
    checkout = db_client.call(db_client.checkout_call(held))["checkout"]
    return State(held, checkout, provider_session(checkout))


def _open(db_client: DbClient) -> State:
    """The customer is on the payment page."""
    state = _creating(db_client)
    _attach(db_client, state)
    return state


def _overdue(db_client: DbClient) -> State:
    """The payment page was left alone until after its deadline."""
    state = _open(db_client)
    _pass(db_client, minutes=40)
    return state


def _pending(db_client: DbClient) -> State:
    """A delayed payment is under way, and it is time to ask for its result."""
    state = _open(db_client)
    assert state.session is not None
    db_client.call(settle_call(state.session, "pending"))
    _pass(db_client, minutes=25 * 60)
    return state


def _begun(db_client: DbClient) -> State:
    """A delayed payment is under way, and the time itself has begun."""
    state = _open(db_client)
    assert state.session is not None
    db_client.call(settle_call(state.session, "pending"))
    _pass(db_client, minutes=(7 * 24 + 4) * 60)
    return state


def _closing(db_client: DbClient) -> State:
    """The customer has left; the close of the payment page has not been reported."""
    state = _open(db_client)
    assert state.held is not None
    effect = db_client.call(db_client.release_call(state.held))["effect"]
    _pass(db_client, minutes=1)
    return replace(state, effect=effect, calendar=_calendar(db_client))


def _replacing(db_client: DbClient) -> State:
    """Another payment page is requested; the close of this one has not been reported."""
    state = _open(db_client)
    assert state.held is not None
    effect = db_client.call(db_client.checkout_call(state.held, **ELSEWHERE))["effect"]
    _pass(db_client, minutes=1)
    return State(state.held, state.checkout, state.session, effect)


def _scheduled(db_client: DbClient) -> State:
    """The booking is paid."""
    state = _open(db_client)
    assert state.session is not None
    db_client.call(settle_call(state.session, "paid"))
    return state


def _expired(db_client: DbClient) -> State:
    """The time was lost because its session was said to have expired; it is still free."""
    state = _open(db_client)
    assert state.session is not None
    db_client.call(settle_call(state.session, "expired"))
    return replace(state, calendar=_calendar(db_client))


def _refunding(db_client: DbClient) -> State:
    """A payment came after the customer had left; its refund is late."""
    state = _closing(db_client)
    assert state.effect is not None
    assert state.session is not None
    db_client.call(_closed(state.effect, state.session))
    db_client.call(settle_call(state.session, "paid"))
    return State(state.held, state.checkout, state.session, _leased(db_client))


def _reopened(db_client: DbClient) -> State:
    """A wrong amount was paid on an old page; its refund is late, and a new page is open."""
    old = _replacing(db_client)
    assert old.held is not None
    assert old.effect is not None
    assert old.session is not None
    db_client.call(_closed(old.effect, old.session))
    checkout = db_client.call(db_client.checkout_call(old.held))["checkout"]
    new = State(old.held, checkout, provider_session(checkout))
    _attach(db_client, new)
    db_client.call(settle_call({**old.session, "amount_total": 100}, "paid"))
    return State(old.held, checkout, new.session, _leased(db_client))


def _elsewhere(db_client: DbClient) -> State:
    """The time is free; a customer waits for another one."""
    db_client.hold(TWO)
    return State(place=db_client.wait(TWO), wish=TWO)


def _waited(db_client: DbClient) -> State:
    """The customer is on the payment page, and another waits for the time."""
    state = _open(db_client)
    return replace(state, place=db_client.wait(TEN), wish=TEN)


def _offered(db_client: DbClient) -> State:
    """The time was offered to the customer who waited longest; the letter is late."""
    held = db_client.hold(TEN)
    place = db_client.wait(TEN)
    db_client.database.clock.advance(timedelta(seconds=1))
    db_client.wait(TEN)
    db_client.call(db_client.release_call(held))
    booking = db_client.call(("get_waitlist_entry", (db_client.actor(place.secret), place.id)))[
        "offer"
    ]
    return State(
        Held(booking["id"], place.secret), effect=_leased(db_client), place=place, wish=TEN
    )


def _regranted(db_client: DbClient) -> State:
    """A payment came after the customer had left, and the time was offered to the next in line;
    the refund is late."""
    state = _open(db_client)
    assert state.held is not None
    assert state.session is not None
    place = db_client.wait(TEN)
    effect = db_client.call(db_client.release_call(state.held))["effect"]
    _pass(db_client, minutes=1)
    db_client.call(_closed(effect, state.session))
    db_client.call(settle_call(state.session, "paid"))
    return replace(state, effect=_leased(db_client, "refund_payment"), place=place, wish=TEN)


def _moved(db_client: DbClient) -> State:
    """The booking was rescheduled to two for less; the refund of the difference is late."""
    state = _scheduled(db_client)
    assert state.held is not None
    db_client.database.execute("update core.prices set amount = amount - 1000")
    db_client.call(db_client.reschedule_call(state.held, TWO))
    return replace(state, effect=_leased(db_client))


def _changing(db_client: DbClient) -> State:
    """And it is to be rescheduled once more, for more: both times are kept, and cannot be paid
    yet.
    """
    state = _moved(db_client)
    assert state.held is not None
    db_client.database.execute("update core.prices set amount = amount + 1500")
    db_client.call(db_client.reschedule_call(state.held, TEN))
    return state


def _differing(db_client: DbClient) -> State:
    """The payment page of that difference is open."""
    state = _changing(db_client)
    assert state.held is not None
    checkout = db_client.call(db_client.checkout_call(state.held))["checkout"]
    opened = replace(state, checkout=checkout, session=provider_session(checkout))
    _attach(db_client, opened)
    return opened


def _buried(db_client: DbClient) -> State:
    """And Stripe refused the earlier refund for good; a customer waits for the new time."""
    state = _differing(db_client)
    assert state.effect is not None
    effect = state.effect
    db_client.call(("finish_effect", (effect["id"], effect["lease"], "dead", {"error": "refused"})))
    return replace(state, place=db_client.wait(TEN), wish=TEN)


def _vacant(db_client: DbClient) -> State:
    """A hold has expired, no sweep has run, and a customer waits for the time."""
    db_client.hold(TEN)
    place = db_client.wait(TEN)
    _pass(db_client, minutes=6)
    return State(place=place, wish=TEN, calendar=_calendar(db_client))


def _wanted(db_client: DbClient) -> State:
    """A time is held, and a customer waits for it."""
    held = db_client.hold(TEN)
    return State(held, place=db_client.wait(TEN), wish=TEN, calendar=_calendar(db_client))


def _contested(db_client: DbClient) -> State:
    """A booking is to be rescheduled here for more, not paid; a customer waits for the time."""
    state = _changing(db_client)
    return State(state.held, place=db_client.wait(TEN), wish=TEN, calendar=_calendar(db_client))


SETUPS: Mapping[str, Callable[[DbClient], State]] = {
    spec.__name__[1:]: spec
    for spec in (
        *(_free, _held, _stale, _creating, _open, _overdue, _pending),
        _begun,
        *(_closing, _replacing, _scheduled, _expired, _refunding, _reopened),
        *(_elsewhere, _waited, _offered, _regranted),
        *(_moved, _changing, _differing, _buried),
        *(_vacant, _wanted, _contested),
    )
}


def _pass(db_client: DbClient, *, minutes: int) -> None:
    db_client.database.clock.advance(timedelta(minutes=minutes))


def _calendar(db_client: DbClient) -> str:
    """A calendar of the tutor's that was read a second ago, and is fresh for a day."""
    identifier = db_client.database.value(
        "insert into core.calendars (tenant_id, id, resource_id, name, url, fresh_seconds,"
        " read_at, busy_until, due_at, created_at, updated_at)"
        " select r.tenant_id, core.new_id(), r.id, 'Private', 'https://calendars.example/ada.ics',"
        " 86400, t.at, t.at + interval '1 year', t.at, t.at, t.at"
        " from core.resources as r, (select core.clock() - interval '1 second' as at) as t"
        " where r.id = %s returning id",
        db_client.tutor["id"],
    )
    return str(identifier)


def _attach(db_client: DbClient, state: State) -> None:
    assert state.held is not None
    assert state.checkout is not None
    actor = db_client.actor(state.held.secret)
    db_client.call(("attach_checkout", (actor, state.held.id, state.checkout["id"], state.session)))


def _closed(effect: Mapping[str, Any], session: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    result = {"outcome": "expired", "session": session}
    return "finish_effect", (effect["id"], effect["lease"], "done", result)


def _leased(db_client: DbClient, kind: str | None = None) -> Mapping[str, Any]:
    """The effect that is due, taken under a lease that has expired by now.

    Given its kind, all others that are due are done.
    """
    claimed = db_client.call(("claim_effects", (10, 60)))
    (effect,) = [one for one in claimed if kind in (None, one["kind"])]
    for one in claimed:
        if one is not effect:
            db_client.call(("finish_effect", (one["id"], one["lease"], "done", {})))
    _pass(db_client, minutes=2)
    found: Mapping[str, Any] = effect
    return found
