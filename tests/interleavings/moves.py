"""Every call that changes something, in the words of the table of winners.

A function of schema api has moves here, or waits for no lock and is one that only reads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.harness.clients.desk import Call, Desk, settle_call
from tests.interleavings.scenes import ELSEWHERE, FOUR, TEN, Props

# Note something about what they read if nobody is at work on it, and wait for nobody.
NOTING: Mapping[str, str] = {"get_confirmation": "when Stripe was last asked about a checkout"}

# They write, but nothing of a booking and nothing that a booking asks for under its locks: nobody
# can meet them. What they do to bookings that are made later, they do without a lock.
APART: Mapping[str, str] = {
    "claim_calendars": "says which copy of the sweep reads a calendar next",
    "compile_openings": "writes down what whoever asks would compute",
    "continue_reconciliation": "says which page of both books is compared next",
    "create_calendar": "a new calendar asks the next hold to read it first",
    "create_calendar_feed": "somebody may read the bookings",
    "delete_calendar": "times that it kept busy are free for the next hold",
    "delete_expired_records": "passes by whatever somebody is at work on",
    "reconcile": "compares what others have committed, and writes down where books differ",
    "revoke_calendar_feed": "somebody may read the bookings no longer",
}

# They meet bookings, but move none: their races are in tests/concurrency/test_retention.py.
MEETING: Mapping[str, str] = {"erase_customer": "takes the name off bookings that are over"}


@dataclass(frozen=True, slots=True)
class Move:
    """One way to call a function.

    Attributes:
        says: what it is, for the reader of the table.
        call: the call on what the scene has, or None where there is nothing to call it on.
        scenes: where it is news; empty: everywhere.
    """

    name: str
    function: str
    says: str
    call: Callable[[Desk, Props], Call | None]
    scenes: frozenset[str] = frozenset()


def _hold(desk: Desk, props: Props) -> Call:
    return desk.hold_call(TEN)


def _repeat(desk: Desk, props: Props) -> Call | None:
    return None if props.held else desk.hold_call(TEN, key="one", customer=_CUSTOMER)


def _misuse(desk: Desk, props: Props) -> Call | None:
    return None if props.held else desk.hold_call(TEN, key="one", notes="x", customer=_CUSTOMER)


_CUSTOMER = {"name": "Grace", "email": "grace@example.com"}


def _begin(desk: Desk, props: Props) -> Call | None:
    return desk.checkout_call(props.held) if props.held else None


def _begin_anew(desk: Desk, props: Props) -> Call | None:
    return desk.checkout_call(props.held, **ELSEWHERE) if props.held else None


def _attach(desk: Desk, props: Props) -> Call | None:
    return _attaching(desk, props, props.session)


def _attach_none(desk: Desk, props: Props) -> Call | None:
    return _attaching(desk, props, None)


def _attaching(desk: Desk, props: Props, session: object) -> Call | None:
    if props.held is None or props.checkout is None:
        return None
    actor = desk.actor(props.held.secret)
    return "attach_checkout", (actor, props.held.id, props.checkout["id"], session)


def _release(desk: Desk, props: Props) -> Call | None:
    return desk.release_call(props.held) if props.held else None


def _move(desk: Desk, props: Props) -> Call | None:
    return desk.reschedule_call(props.held, FOUR) if props.held else None


def _give_up(desk: Desk, props: Props) -> Call | None:
    return desk.abandon_call(props.held) if props.held else None


def _settled(outcome: str) -> Callable[[Desk, Props], Call | None]:
    def call(desk: Desk, props: Props) -> Call | None:
        # one event a fact, which Stripe delivers as often as it likes
        return settle_call(props.session, outcome, f"evt_{outcome}") if props.session else None

    return call


def _asked(desk: Desk, props: Props) -> Call | None:
    return ("settle_checkout", (None, "paid", props.session)) if props.session else None


def _sweep(desk: Desk, props: Props) -> Call:
    return "expire_holds", (100,)


def _claim(desk: Desk, props: Props) -> Call:
    return "claim_effects", (10, 60)


def _finished(kind: str, verdict: str, **result: Any) -> Callable[[Desk, Props], Call | None]:
    def call(desk: Desk, props: Props) -> Call | None:
        effect = props.effect
        if effect is None or effect["kind"] != kind:
            return None
        told = (
            {"session": props.session} if kind == "expire_session" else {"refund": {"id": "re_1"}}
        )
        return "finish_effect", (effect["id"], effect["lease"], verdict, told | result)

    return call


def _retried(desk: Desk, props: Props) -> Call | None:
    if props.effect is None:
        return None
    return "finish_effect", (props.effect["id"], props.effect["lease"], "retry", {"error": "late"})


def _redone(desk: Desk, props: Props) -> Call | None:
    if props.effect is None or props.effect["kind"] != "refund_payment":
        return None
    return "retry_effect", (props.effect["id"], "ada")


def _told_of_refund(status: str) -> Callable[[Desk, Props], Call | None]:
    def call(desk: Desk, props: Props) -> Call | None:
        if props.effect is None or props.effect["kind"] != "refund_payment":
            return None
        metadata = {
            "refund_id": props.effect["refund"]["id"],
            "tenant_id": props.effect["tenant_id"],
        }
        event = {"id": f"evt_{status}", "type": "test.refund", "created": 1}
        return "settle_refund", (event, status, {"id": "re_1", "metadata": metadata})

    return call


def _join(desk: Desk, props: Props) -> Call | None:
    return desk.wait_call(props.wish) if props.wish else None


def _leave(desk: Desk, props: Props) -> Call | None:
    if props.place is None:
        return None
    return "leave_waitlist", (desk.actor(props.place.secret), props.place.id, None)


def _offer(desk: Desk, props: Props) -> Call | None:
    return ("offer_waiting", (100,)) if props.wish else None


def _close(desk: Desk, props: Props) -> Call:
    period = {"starts_at": TEN, "ends_at": _ELEVEN, "reason": None}
    identifier = str(uuid4())  # the key as well: any will do
    arguments = ("blackout", desk.tutor["id"], identifier, identifier, period)
    return "create_catalogue_item", (desk.actor(kind="secret"), *arguments)


def _restrict(desk: Desk, props: Props) -> Call:
    changes = {"horizon_days": 1}
    arguments = ("resource", None, desk.tutor["id"], None, changes)
    return "change_catalogue_item", (desk.actor(kind="secret"), *arguments)


def _archive(desk: Desk, props: Props) -> Call:
    arguments = ("resource", None, desk.tutor["id"], None)
    return "remove_catalogue_item", (desk.actor(kind="secret"), *arguments)


def _busy(desk: Desk, props: Props) -> Call | None:
    if props.calendar is None:
        return None
    found = {"busy": [[TEN, _ELEVEN]], "until": "2028-01-18T10:00:00Z"}
    reading = {"outcome": "read", "etag": None, "last_modified": None} | found
    return "store_busy", (props.calendar, desk.database.clock.now(), reading)


_ELEVEN = "2027-01-18T11:00:00Z"
_UNPAID = frozenset({"creating", "open", "overdue", "closing", "replacing", "differing"})
_MOVING = frozenset({"held", "moved", "changing", "differing", "wanted", "contested", "buried"})
_RULED = frozenset({"free", "closing", "expired", "vacant", "wanted", "contested"})

MOVES: tuple[Move, ...] = (
    Move("hold", "create_hold", "somebody else wants the time", _hold),
    Move("repeat", "create_hold", "hold the time with a key that two requests share", _repeat),
    Move("misuse", "create_hold", "another request with that key", _misuse),
    Move("begin", "begin_checkout", "go to pay", _begin),
    Move(
        "begin-anew",
        "begin_checkout",
        "go to pay, with other return addresses",
        _begin_anew,
        frozenset({"held", "creating", "open", "replacing", "reopened"}),
    ),
    Move("attach", "attach_checkout", "write down the session that was made", _attach),
    Move(
        "attach-none",
        "attach_checkout",
        "write down that Stripe refused to make one",
        _attach_none,
        frozenset({"creating"}),
    ),
    Move("release", "release_hold", "leave", _release),
    Move("move", "reschedule", "ask for another time", _move, _MOVING),
    Move("give-up", "abandon_change", "give up a move that is not paid", _give_up, _MOVING),
    Move("paid", "settle_checkout", "Stripe tells that the session was paid", _settled("paid")),
    Move("ask-paid", "settle_checkout", "Stripe was asked, and it was paid", _asked),
    Move("expired", "settle_checkout", "Stripe tells that it expired", _settled("expired")),
    Move(
        "pending",
        "settle_checkout",
        "Stripe tells that a slow method is paying it",
        _settled("pending"),
        _UNPAID,
    ),
    Move(
        "failed",
        "settle_checkout",
        "Stripe tells that the slow method failed",
        _settled("failed"),
        frozenset({"pending", "begun"}),
    ),
    Move("sweep", "expire_holds", "end what has passed its deadline", _sweep),
    Move("claim", "claim_effects", "the outbox takes what is due", _claim),
    Move(
        "closed",
        "finish_effect",
        "the outbox has closed the session",
        _finished("expire_session", "done", outcome="expired"),
    ),
    Move(
        "closed-paid",
        "finish_effect",
        "the outbox was to close the session, and found it paid",
        _finished("expire_session", "done", outcome="paid"),
    ),
    Move(
        "sent-back",
        "finish_effect",
        "the outbox has sent the money back",
        _finished("refund_payment", "done", status="succeeded"),
    ),
    Move("retry", "finish_effect", "the outbox could not reach Stripe", _retried),
    Move(
        "redo",
        "retry_effect",
        "a person has what is dead done again",
        _redone,
        frozenset({"buried", "moved", "refunding"}),
    ),
    Move(
        "refunded",
        "settle_refund",
        "Stripe tells that the refund succeeded",
        _told_of_refund("succeeded"),
    ),
    Move(
        "unrefunded",
        "settle_refund",
        "Stripe tells that the refund failed",
        _told_of_refund("failed"),
    ),
    Move("join", "join_waitlist", "another customer waits for the time, too", _join),
    Move("leave", "leave_waitlist", "who waits, or was offered the time, leaves", _leave),
    Move("offer", "offer_waiting", "the sweep offers what is free to who waits", _offer),
    Move("close", "create_catalogue_item", "a blackout is laid on the time", _close, _RULED),
    Move(
        "restrict",
        "change_catalogue_item",
        "nobody may book so far ahead any more",
        _restrict,
        _RULED,
    ),
    Move("archive", "remove_catalogue_item", "the resource is archived", _archive, _RULED),
    Move(
        "busy", "store_busy", "the resource's own calendar has something at the time", _busy, _RULED
    ),
)
