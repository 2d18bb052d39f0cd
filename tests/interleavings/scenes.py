"""Where two calls can meet: a booking on each step of its way, and what there is to call about it.

All is set on one Monday, with a time a week ahead, so that even a day later it has not begun.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.harness.desk import Desk, Held, provider_session, settle_call

TEN = "2027-01-18T10:00:00Z"
ELSEWHERE = {"cancel_url": "https://studio.example/elsewhere"}


@dataclass(frozen=True, slots=True)
class Props:
    """What a scene leaves on the stage; None is what it does not have.

    Attributes:
        checkout: the newest attempt to pay, as `core.checkout_json` describes it.
        session: the provider's session of that attempt.
        effect: a leased effect whose lease has run out, as `core.lease_effect` describes it.
    """

    held: Held | None = None
    checkout: Mapping[str, Any] | None = None
    session: Mapping[str, Any] | None = None
    effect: Mapping[str, Any] | None = None


def _free(desk: Desk) -> Props:
    """Nobody has the time."""
    return Props()


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


def _closing(desk: Desk) -> Props:
    """The customer has left; whoever was to close the payment page has not reported back."""
    props = _open(desk)
    assert props.held is not None
    effect = desk.call(desk.release_call(props.held))["effect"]
    _pass(desk, minutes=1)
    return Props(props.held, props.checkout, props.session, effect)


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
    return props


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


SCENES: Mapping[str, Callable[[Desk], Props]] = {
    scene.__name__[1:]: scene
    for scene in (
        *(_free, _held, _stale, _creating, _open, _overdue, _pending),
        *(_closing, _replacing, _scheduled, _expired, _refunding, _reopened),
    )
}


def _pass(desk: Desk, *, minutes: int) -> None:
    desk.database.clock.advance(timedelta(minutes=minutes))


def _attach(desk: Desk, props: Props) -> None:
    assert props.held is not None
    assert props.checkout is not None
    actor = desk.actor(props.held.secret)
    desk.call(("attach_checkout", (actor, props.held.id, props.checkout["id"], props.session)))


def _closed(effect: Mapping[str, Any], session: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    result = {"outcome": "expired", "session": session}
    return "finish_effect", (effect["id"], effect["lease"], "done", result)


def _leased(desk: Desk) -> Mapping[str, Any]:
    """The effect that is due, taken by somebody whose lease has run out by now."""
    (effect,) = desk.call(("claim_effects", (10, 60)))
    _pass(desk, minutes=2)
    found: Mapping[str, Any] = effect
    return found
