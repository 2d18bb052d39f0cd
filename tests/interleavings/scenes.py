"""Where two calls can meet: a booking on each step of its way, and what there is to call about it.

All is set on one Monday, with a time a week ahead, so that even a day later it has not begun.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.harness.clients.desk import Desk, Held, provider_session, settle_call

TEN, TWO = "2027-01-18T10:00:00Z", "2027-01-18T14:00:00Z"
FOUR = "2027-01-18T16:00:00Z"
ELSEWHERE = {"cancel_url": "https://studio.example/elsewhere"}


@dataclass(frozen=True, slots=True)
class Props:
    """What a scene leaves on the stage; None is what it does not have.

    Attributes:
        checkout: the newest attempt to pay, as `core.checkout_json` describes it.
        session: the provider's session of that attempt.
        effect: a leased effect whose lease has run out, as `core.lease_effect` describes it.
        place: a place in the waitlist.
        wish: the start that those who join the waitlist want; nobody does where it is None.
        calendar: the id of a calendar kept elsewhere that was read lately, and found nothing.
    """

    held: Held | None = None
    checkout: Mapping[str, Any] | None = None
    session: Mapping[str, Any] | None = None
    effect: Mapping[str, Any] | None = None
    place: Held | None = None
    wish: str | None = None
    calendar: str | None = None


def _free(desk: Desk) -> Props:
    """Nobody has the time."""
    return Props(calendar=_calendar(desk))


def _held(desk: Desk) -> Props:
    """A time is held."""
    return Props(desk.hold(TEN))


def _stale(desk: Desk) -> Props:
    """A hold has run out, and no sweep has come by."""
    held = desk.hold(TEN)
    _pass(desk, minutes=6)
    return Props(held)


def _creating(desk: Desk) -> Props:
    """A checkout was begun; its session may have been made, and is not written down."""
    held = desk.hold(TEN)
    checkout = desk.call(desk.checkout_call(held))["checkout"]
    return Props(held, checkout, provider_session(checkout))


def _open(desk: Desk) -> Props:
    """The customer is on the payment page."""
    props = _creating(desk)
    _attach(desk, props)
    return props


def _overdue(desk: Desk) -> Props:
    """The payment page was left alone until after its deadline."""
    props = _open(desk)
    _pass(desk, minutes=40)
    return props


def _pending(desk: Desk) -> Props:
    """A delayed payment is under way, and it is time to ask for its result."""
    props = _open(desk)
    assert props.session is not None
    desk.call(settle_call(props.session, "pending"))
    _pass(desk, minutes=25 * 60)
    return props


def _begun(desk: Desk) -> Props:
    """A delayed payment is under way, and the time itself has begun."""
    props = _open(desk)
    assert props.session is not None
    desk.call(settle_call(props.session, "pending"))
    _pass(desk, minutes=(7 * 24 + 4) * 60)
    return props


def _closing(desk: Desk) -> Props:
    """The customer has left; whoever was to close the payment page has not reported back."""
    props = _open(desk)
    assert props.held is not None
    effect = desk.call(desk.release_call(props.held))["effect"]
    _pass(desk, minutes=1)
    return replace(props, effect=effect, calendar=_calendar(desk))


def _replacing(desk: Desk) -> Props:
    """Another payment page is wanted; whoever was to close this one has not reported back."""
    props = _open(desk)
    assert props.held is not None
    effect = desk.call(desk.checkout_call(props.held, **ELSEWHERE))["effect"]
    _pass(desk, minutes=1)
    return Props(props.held, props.checkout, props.session, effect)


def _scheduled(desk: Desk) -> Props:
    """The booking is paid."""
    props = _open(desk)
    assert props.session is not None
    desk.call(settle_call(props.session, "paid"))
    return props


def _expired(desk: Desk) -> Props:
    """The time was lost because its session was said to have expired; it is still free."""
    props = _open(desk)
    assert props.session is not None
    desk.call(settle_call(props.session, "expired"))
    return replace(props, calendar=_calendar(desk))


def _refunding(desk: Desk) -> Props:
    """A payment came after the customer had left; whoever was to send it back is late."""
    props = _closing(desk)
    assert props.effect is not None
    assert props.session is not None
    desk.call(_closed(props.effect, props.session))
    desk.call(settle_call(props.session, "paid"))
    return Props(props.held, props.checkout, props.session, _leased(desk))


def _reopened(desk: Desk) -> Props:
    """A wrong amount was paid on an old page; its refund is late, and a new page is open."""
    old = _replacing(desk)
    assert old.held is not None
    assert old.effect is not None
    assert old.session is not None
    desk.call(_closed(old.effect, old.session))
    checkout = desk.call(desk.checkout_call(old.held))["checkout"]
    new = Props(old.held, checkout, provider_session(checkout))
    _attach(desk, new)
    desk.call(settle_call({**old.session, "amount_total": 100}, "paid"))
    return Props(old.held, checkout, new.session, _leased(desk))


def _elsewhere(desk: Desk) -> Props:
    """Nobody has the time; somebody waits for another one."""
    desk.hold(TWO)
    return Props(place=desk.wait(TWO), wish=TWO)


def _waited(desk: Desk) -> Props:
    """The customer is on the payment page, and somebody waits for the time."""
    props = _open(desk)
    return replace(props, place=desk.wait(TEN), wish=TEN)


def _offered(desk: Desk) -> Props:
    """The time was offered to who waited longest; whoever was to write to them is late."""
    held = desk.hold(TEN)
    place = desk.wait(TEN)
    desk.database.clock.advance(timedelta(seconds=1))
    desk.wait(TEN)
    desk.call(desk.release_call(held))
    booking = desk.call(("get_waiting", (desk.actor(place.secret), place.id)))["offer"]
    return Props(Held(booking["id"], place.secret), effect=_leased(desk), place=place, wish=TEN)


def _regranted(desk: Desk) -> Props:
    """A payment came after the customer had left, and the time was offered to the next in line;
    whoever was to send the money back is late."""
    props = _open(desk)
    assert props.held is not None
    assert props.session is not None
    place = desk.wait(TEN)
    effect = desk.call(desk.release_call(props.held))["effect"]
    _pass(desk, minutes=1)
    desk.call(_closed(effect, props.session))
    desk.call(settle_call(props.session, "paid"))
    return replace(props, effect=_leased(desk, "refund_payment"), place=place, wish=TEN)


def _moved(desk: Desk) -> Props:
    """The booking was moved to two for less; whoever was to send the difference back is late."""
    props = _scheduled(desk)
    assert props.held is not None
    desk.database.execute("update core.prices set amount = amount - 1000")
    desk.call(desk.reschedule_call(props.held, TWO))
    return replace(props, effect=_leased(desk))


def _changing(desk: Desk) -> Props:
    """And it is to be moved once more, for more: both times are kept, nobody can pay yet."""
    props = _moved(desk)
    assert props.held is not None
    desk.database.execute("update core.prices set amount = amount + 1500")
    desk.call(desk.reschedule_call(props.held, TEN))
    return props


def _differing(desk: Desk) -> Props:
    """The payment page of that difference is open."""
    props = _changing(desk)
    assert props.held is not None
    checkout = desk.call(desk.checkout_call(props.held))["checkout"]
    opened = replace(props, checkout=checkout, session=provider_session(checkout))
    _attach(desk, opened)
    return opened


def _buried(desk: Desk) -> Props:
    """And Stripe refused the earlier refund for good; somebody waits for the new time."""
    props = _differing(desk)
    assert props.effect is not None
    effect = props.effect
    desk.call(("finish_effect", (effect["id"], effect["lease"], "dead", {"error": "refused"})))
    return replace(props, place=desk.wait(TEN), wish=TEN)


def _vacant(desk: Desk) -> Props:
    """A hold has run out, no sweep has come by, and somebody waits for the time."""
    desk.hold(TEN)
    place = desk.wait(TEN)
    _pass(desk, minutes=6)
    return Props(place=place, wish=TEN, calendar=_calendar(desk))


def _wanted(desk: Desk) -> Props:
    """A time is held, and somebody waits for it."""
    held = desk.hold(TEN)
    return Props(held, place=desk.wait(TEN), wish=TEN, calendar=_calendar(desk))


def _contested(desk: Desk) -> Props:
    """A booking is to be moved here for more, nobody has paid; somebody waits for the time."""
    props = _changing(desk)
    return Props(props.held, place=desk.wait(TEN), wish=TEN, calendar=_calendar(desk))


SCENES: Mapping[str, Callable[[Desk], Props]] = {
    scene.__name__[1:]: scene
    for scene in (
        *(_free, _held, _stale, _creating, _open, _overdue, _pending),
        _begun,
        *(_closing, _replacing, _scheduled, _expired, _refunding, _reopened),
        *(_elsewhere, _waited, _offered, _regranted),
        *(_moved, _changing, _differing, _buried),
        *(_vacant, _wanted, _contested),
    )
}


def _pass(desk: Desk, *, minutes: int) -> None:
    desk.database.clock.advance(timedelta(minutes=minutes))


def _calendar(desk: Desk) -> str:
    """A calendar of the tutor's that was read a second ago, and is fresh for a day."""
    identifier = desk.database.value(
        "insert into core.calendars (tenant_id, id, resource_id, name, url, fresh_seconds,"
        " read_at, busy_until, due_at, created_at, updated_at)"
        " select r.tenant_id, core.new_id(), r.id, 'Private', 'https://calendars.example/ada.ics',"
        " 86400, t.at, t.at + interval '1 year', t.at, t.at, t.at"
        " from core.resources as r, (select core.clock() - interval '1 second' as at) as t"
        " where r.id = %s returning id",
        desk.tutor["id"],
    )
    return str(identifier)


def _attach(desk: Desk, props: Props) -> None:
    assert props.held is not None
    assert props.checkout is not None
    actor = desk.actor(props.held.secret)
    desk.call(("attach_checkout", (actor, props.held.id, props.checkout["id"], props.session)))


def _closed(effect: Mapping[str, Any], session: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    result = {"outcome": "expired", "session": session}
    return "finish_effect", (effect["id"], effect["lease"], "done", result)


def _leased(desk: Desk, kind: str | None = None) -> Mapping[str, Any]:
    """The effect that is due, taken by somebody whose lease has run out by now.

    Given its kind, all others that are due are done.
    """
    claimed = desk.call(("claim_effects", (10, 60)))
    (effect,) = [one for one in claimed if kind in (None, one["kind"])]
    for one in claimed:
        if one is not effect:
            desk.call(("finish_effect", (one["id"], one["lease"], "done", {})))
    _pass(desk, minutes=2)
    found: Mapping[str, Any] = effect
    return found
