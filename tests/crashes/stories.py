"""The operations that call outside, each with the story around it.

`calls` lists every external call of the operation in order; a test compares it with what the
operation really does, so that no window between two calls is missing.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.harness.system.in_process import Answer, System

State = dict[str, Any]
SUNDAY = "2030-01-13T17:00:00Z"  # the last lesson within the horizon of the system's Monday
_DEADLINE = timedelta(minutes=40)  # a checkout lasts 31 minutes, and 5 of grace


@dataclass(frozen=True)
class Story:
    """What leads to an operation, the operation, and how it goes on.

    Attributes:
        calls: the external calls of the operation.
        prepare: what has happened before; what it returns is the client's memory.
        act: the operation, the same request however often it is made. Answers whether the client
            got a success.
        carry_on: what the client does next.
        ends: the booking's status when all is over.
        abandoned: the same, when the client never comes back after the crash.
        bookings: how many the story makes.
    """

    name: str
    calls: tuple[str, ...]
    prepare: Callable[[System], State]
    act: Callable[[System, State], bool]
    carry_on: Callable[[System, State], None]
    ends: str
    abandoned: str
    bookings: int = 1


def _nothing(_system: System, _state: State) -> None:
    """The story is over."""


# What has happened before -------------------------------------------------------------------------


def _wish(system: System) -> State:
    return {"body": system.hold_body(SUNDAY), "key": str(uuid.uuid4())}


def _wish_of_many(system: System) -> State:
    """Two lessons of one week, one of them for three weeks."""
    wish = _wish(system)
    period = {name: wish["body"][name] for name in ("resource_id", "offering_id")}
    items = [
        period | {"starts_at": "2030-01-07T09:00:00Z", "repeat": {"weeks": 3}},
        period | {"starts_at": "2030-01-10T13:00:00Z"},
    ]
    return wish | {"body": {"items": items, "customer": wish["body"]["customer"]}}


def _paying_for_many(system: System) -> State:
    state = _wish_of_many(system)
    state["held"] = system.request("POST", "/v1/holds", state["body"]).body
    _, session_id = system.checkout(state["held"])
    return state | {"session": session_id}


def _paid_for_many(system: System) -> State:
    state = _paying_for_many(system)
    system.pay(state["session"])
    return state


def _held(system: System) -> State:
    state = _wish(system)
    return state | {"held": system.hold(state["body"]["starts_at"])}


def _paying(system: System) -> State:
    state = _held(system)
    _, session_id = system.checkout(state["held"])
    return state | {"session": session_id}


def _paid(system: System) -> State:
    state = _paying(system)
    system.pay(state["session"])
    return state


def _held_too_long(system: System) -> State:
    state = _held(system)
    system.advance(_DEADLINE)
    return state


def _paying_too_long(system: System) -> State:
    state = _paying(system)
    system.advance(_DEADLINE)
    return state


def _closing(system: System) -> State:
    """A checkout that the sweep wants closed, while Stripe still accepts payments for it."""
    state = _paying(system)
    system.database.clock.advance(_DEADLINE)  # Stripe's clock is behind ours
    system.sweep()
    return state


def _refunding(system: System) -> State:
    """A payment that is not the frozen price: it is recorded, and a refund is queued."""
    state = _paid(system)
    system.database.execute("update core.bookings set amount = amount + 100")
    _tell(system, "checkout.session.completed")
    return state


def _refund_pending(system: System) -> State:
    system.double.refunds_start_as("pending")
    state = _refunding(system)
    system.run_outbox()
    (refund,) = system.double.documents("refund")
    system.double.move_refund(refund.id, "succeeded")
    return state


def _paid_unheard_of(system: System) -> State:
    """A payment whose events are lost, and that no sweep has asked about."""
    state = _paid(system)
    system.advance(timedelta(hours=2))
    return state


def _refund_unheard_of(system: System) -> State:
    """A refund whose final event is lost, and that the outbox does not ask about yet."""
    state = _refund_pending(system)
    system.advance(timedelta(hours=2))
    _compare(system, state)  # payments come first
    return state


def _refund_pending_for_hours(system: System) -> State:
    state = _refund_pending(system)
    system.advance(timedelta(hours=6, minutes=1))  # when the outbox asks again
    return state


def _scheduled(system: System) -> State:
    state = _paid(system)
    _tell(system, "checkout.session.completed")
    return state | {"later": "2030-01-13T15:00:00Z"}


def _scheduled_dearer(system: System) -> State:
    state = _scheduled(system)
    system.change_prices(1500)
    return state


def _scheduled_cheaper(system: System) -> State:
    state = _scheduled(system)
    system.change_prices(-1000)
    return state


def _changing(system: System) -> State:
    """A paid booking whose reschedule waits for the payment of its difference."""
    state = _scheduled_dearer(system)
    assert system.move(state["held"], state["later"]).status == 202
    return state


def _paying_a_change(system: System) -> State:
    state = _changing(system)
    _, session_id = system.checkout(state["held"])
    return state | {"session": session_id}


def _paid_a_change(system: System) -> State:
    state = _paying_a_change(system)
    system.pay(state["session"])
    return state


def _paying_a_change_too_long(system: System) -> State:
    state = _paying_a_change(system)
    system.advance(_DEADLINE)
    return state


def _offered(system: System) -> State:
    """A released time that is offered to the waiting customer."""
    state = _held(system)
    emmy = {"name": "Emmy Noether", "email": f"{uuid.uuid4().hex}@example.com"}
    place = system.request("POST", "/v1/waitlist", state["body"] | {"customer": emmy}).body
    assert _release(system, state)
    return state | {"place": place}


# The operations -----------------------------------------------------------------------------------


def _tell(system: System, event_type: str) -> bool:
    """Deliver Stripe's events of a type."""
    events = [d.body for d in system.double.documents("event") if d.body["type"] == event_type]
    assert events, event_type
    return all(_succeeded(system.post_event(json.dumps(event).encode())) for event in events)


def _succeeded(answer: Answer) -> bool:
    return 200 <= answer.status < 300


def _hold(system: System, state: State) -> bool:
    answer = system.request("POST", "/v1/holds", state["body"], idempotency_key=state["key"])
    if _succeeded(answer):
        assert state.setdefault("held", answer.body)["id"] == answer.body["id"]
    return _succeeded(answer)


def _checkout(system: System, state: State) -> bool:
    answer = system.begin_checkout(state["held"], idempotency_key=state["key"])
    if _succeeded(answer):
        state["session"] = system.session_id(state["held"])
        assert answer.body["checkout_url"].endswith(state["session"])
    return _succeeded(answer)


def _checkout_elsewhere(system: System, state: State) -> bool:
    answer = system.begin_checkout(
        state["held"],
        idempotency_key=state["key"],
        cancel_url="https://studio.example/elsewhere",
    )
    if _succeeded(answer):
        state["session"] = system.session_id(state["held"])
    return _succeeded(answer)


def _move(system: System, state: State) -> bool:
    return _succeeded(
        system.move(state["held"], state["later"], idempotency_key=state["key"] + "-move")
    )


def _give_up(system: System, state: State) -> bool:
    return _succeeded(system.give_up(state["held"]))


def _release(system: System, state: State) -> bool:
    held = state["held"]
    return _succeeded(
        system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])
    )


def _ask(system: System, state: State) -> bool:
    return bool(system.confirmation(state["held"])["status"] == "confirmed")


def _sweep(system: System, _state: State) -> bool:
    return "expired" in system.sweep()


def _compare(system: System, _state: State) -> bool:
    """One page of the comparison of both books."""
    return "open" in system.sweep("reconcile", remaining_ms=0)


def _leave(system: System, state: State) -> bool:
    place = state["place"]
    return _succeeded(
        system.request("DELETE", f"/v1/waitlist/{place['id']}", secret=place["client_secret"])
    )


def _deliver(system: System, _state: State) -> bool:
    return "delivered" in system.run_outbox()


# What the client does next ------------------------------------------------------------------------


def _pay(system: System, state: State) -> None:
    system.pay(state["session"])


def _go_and_pay(system: System, state: State) -> None:
    _, state["session"] = system.checkout(state["held"])
    system.pay(state["session"])


_EXPIRE = "stripe POST /v1/checkout/sessions/{id}/expire"
_CREATE = "stripe POST /v1/checkout/sessions"
_CLAIM = ("postgres measure_backlog", "postgres claim_effects")  # how the outbox begins
_CONTINUE, _RECONCILE = "postgres next_reconciliation_page", "postgres submit_reconciliation_page"

_STORIES = (
    Story(
        "create_hold",
        ("dynamodb PutItem", "postgres create_hold", "dynamodb UpdateItem"),
        *(_wish, _hold, _go_and_pay),
        ends="scheduled",
        abandoned="expired",
    ),
    Story(
        "create_hold of a cart",
        ("dynamodb PutItem", "postgres create_hold", "dynamodb UpdateItem"),
        *(_wish_of_many, _hold, _go_and_pay),
        ends="scheduled",
        abandoned="expired",
        bookings=4,
    ),
    Story(
        "settle a cart",
        ("postgres settle_checkout",),
        *(
            _paid_for_many,
            lambda system, _: _tell(system, "checkout.session.completed"),
            _nothing,
        ),
        ends="scheduled",
        abandoned="scheduled",
        bookings=4,
    ),
    Story(
        "release a cart",
        (
            *("postgres release_hold", "stripe POST /v1/checkout/sessions/{id}/expire"),
            *("postgres finish_effect", "postgres release_hold"),
        ),
        *(_paying_for_many, _release, _nothing),
        ends="expired",
        abandoned="expired",
        bookings=4,
    ),
    Story(
        "begin_checkout",
        (
            *("dynamodb PutItem", "postgres begin_checkout", _CREATE),
            *("postgres attach_checkout", "dynamodb UpdateItem"),
        ),
        *(_held, _checkout, _pay),
        ends="scheduled",
        abandoned="expired",
    ),
    Story(
        "begin_checkout again",
        (
            *("dynamodb PutItem", "postgres begin_checkout", _EXPIRE, "postgres finish_effect"),
            *("postgres begin_checkout", _CREATE, "postgres attach_checkout"),
            "dynamodb UpdateItem",
        ),
        *(_paying, _checkout_elsewhere, _pay),
        ends="scheduled",
        abandoned="expired",
    ),
    Story(
        "settle",
        ("postgres settle_checkout",),
        *(_paid, lambda system, _: _tell(system, "checkout.session.completed"), _nothing),
        ends="scheduled",
        abandoned="scheduled",
    ),
    Story(
        "confirmation",
        (
            *("postgres get_confirmation", "stripe GET /v1/checkout/sessions/{id}"),
            *("postgres settle_checkout", "postgres get_confirmation"),
        ),
        *(_paid, _ask, _nothing),
        ends="scheduled",
        abandoned="scheduled",
    ),
    Story(
        "reschedule for more",
        ("dynamodb PutItem", "postgres reschedule_booking", "dynamodb UpdateItem"),
        *(_scheduled_dearer, _move, _go_and_pay),
        ends="scheduled",
        abandoned="scheduled",
    ),
    Story(
        "reschedule for less",
        ("dynamodb PutItem", "postgres reschedule_booking", "dynamodb UpdateItem"),
        *(_scheduled_cheaper, _move, _nothing),
        ends="scheduled",
        abandoned="scheduled",
    ),
    Story(
        "begin_checkout of a reschedule",
        (
            *("dynamodb PutItem", "postgres begin_checkout", _CREATE),
            *("postgres attach_checkout", "dynamodb UpdateItem"),
        ),
        *(_changing, _checkout, _pay),
        ends="scheduled",
        abandoned="scheduled",
    ),
    Story(
        "begin_checkout of a reschedule again",
        (
            *("dynamodb PutItem", "postgres begin_checkout", _EXPIRE, "postgres finish_effect"),
            *("postgres begin_checkout", _CREATE, "postgres attach_checkout"),
            "dynamodb UpdateItem",
        ),
        *(_paying_a_change, _checkout_elsewhere, _pay),
        ends="scheduled",
        abandoned="scheduled",
    ),
    Story(
        "settle a reschedule",
        ("postgres settle_checkout", "postgres settle_checkout"),
        *(_paid_a_change, lambda system, _: _tell(system, "checkout.session.completed"), _nothing),
        ends="scheduled",
        abandoned="scheduled",
    ),
    Story(
        "confirmation of a reschedule",
        (
            *("postgres get_confirmation", "stripe GET /v1/checkout/sessions/{id}"),
            *("postgres settle_checkout", "postgres get_confirmation"),
        ),
        *(_paid_a_change, _ask, _nothing),
        ends="scheduled",
        abandoned="scheduled",
    ),
    Story(
        "give up a reschedule",
        (
            "postgres cancel_reschedule",
            _EXPIRE,
            "postgres finish_effect",
            "postgres cancel_reschedule",
        ),
        *(_paying_a_change, _give_up, _nothing),
        ends="scheduled",
        abandoned="scheduled",
    ),
    Story(
        "expire_holds of a reschedule",
        ("postgres expire_holds",),
        *(_paying_a_change_too_long, _sweep, _nothing),
        ends="scheduled",
        abandoned="scheduled",
    ),
    Story(
        "release held",
        ("postgres release_hold",),
        *(_held, _release, _nothing),
        ends="expired",
        abandoned="expired",
    ),
    Story(
        "release paying",
        ("postgres release_hold", _EXPIRE, "postgres finish_effect", "postgres release_hold"),
        *(_paying, _release, _nothing),
        ends="expired",
        abandoned="expired",
    ),
    Story(
        "expire_holds held",
        ("postgres expire_holds",),
        *(_held_too_long, _sweep, _nothing),
        ends="expired",
        abandoned="expired",
    ),
    Story(
        "expire_holds paying",
        ("postgres expire_holds",),
        *(_paying_too_long, _sweep, _nothing),
        ends="expired",
        abandoned="expired",
    ),
    Story(
        "deliver a closing",
        (*_CLAIM, _EXPIRE, "postgres finish_effect", "postgres claim_effects"),
        *(_closing, _deliver, _nothing),
        ends="expired",
        abandoned="expired",
    ),
    Story(
        "deliver a refund",
        (
            *(*_CLAIM, "stripe POST /v1/refunds", "postgres finish_effect"),
            "postgres claim_effects",
        ),
        *(_refunding, _deliver, _nothing),
        ends="expired",
        abandoned="expired",
    ),
    Story(
        "ask about a refund",
        (
            *(*_CLAIM, "stripe GET /v1/refunds/{id}", "postgres finish_effect"),
            "postgres claim_effects",
        ),
        *(_refund_pending_for_hours, _deliver, _nothing),
        ends="expired",
        abandoned="expired",
    ),
    Story(
        "deliver a letter",
        (
            *(*_CLAIM, "ses SendEmail", "postgres finish_effect"),
            "postgres claim_effects",
        ),
        *(_offered, _deliver, _nothing),
        ends="expired",
        abandoned="expired",
        bookings=2,
    ),
    Story(
        "leave_waitlist",
        ("postgres leave_waitlist",),
        *(_offered, _leave, _nothing),
        ends="expired",
        abandoned="expired",
        bookings=2,
    ),
    Story(
        "reconcile a payment",
        (
            *(_CONTINUE, "stripe GET /v1/payment_intents", _RECONCILE),
            *("stripe GET /v1/checkout/sessions", "postgres settle_checkout", _RECONCILE),
        ),
        *(_paid_unheard_of, _compare, _nothing),
        ends="scheduled",
        abandoned="scheduled",
    ),
    Story(
        "reconcile a refund",
        (
            *(_CONTINUE, "stripe GET /v1/refunds", _RECONCILE),
            *("postgres settle_refund", _RECONCILE),
        ),
        *(_refund_unheard_of, _compare, _nothing),
        ends="expired",
        abandoned="expired",
    ),
    Story(
        "settle_refund",
        ("postgres settle_refund",),
        *(_refund_pending, lambda system, _: _tell(system, "refund.updated"), _nothing),
        ends="expired",
        abandoned="expired",
    ),
)

# Before anything else a client's request is counted (holdfast/api/limits.py): an environment that
# has not seen the key alive asks the database about it, and requests that make rows are counted in
# DynamoDB.
_ASKED_OF = {
    *("create_hold", "create_hold of a cart", "confirmation", "confirmation of a reschedule"),
    *("reschedule for more", "reschedule for less"),
}
_COUNTED = ("create_hold", "begin_checkout", "reschedule")


def _counted(story: Story) -> Story:
    first = ("postgres rate_policy",) if story.name in _ASKED_OF else ()
    then = ("dynamodb UpdateItem",) if story.name.startswith(_COUNTED) else ()
    return replace(story, calls=(*first, *then, *story.calls))


STORIES = tuple(map(_counted, _STORIES))
