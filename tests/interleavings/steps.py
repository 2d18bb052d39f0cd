"""Every call that changes something, in the words of the table of expected results.

A function of schema api has steps here, or waits for no lock and only reads.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.harness.clients.db_client import Call, DbClient, settle_call
from tests.interleavings.setups import ELSEWHERE, FOUR, TEN, State

# They note something about what they read if no other session has locked it, and wait for no lock.
NOTING: Mapping[str, str] = {"get_confirmation": "when Stripe was last asked about a checkout"}

# They write, but nothing of a booking and nothing that a booking reads under its locks: no other
# call can meet them. They affect bookings that are made later without a lock.
APART: Mapping[str, str] = {
    "claim_calendars": "says which copy of the sweep reads a calendar next",
    "compile_openings": "stores what a caller would compute",
    "next_reconciliation_page": "says which page of both books is compared next",
    "create_calendar": "a new calendar asks the next hold to read it first",
    "create_calendar_feed": "the bookings can be read",
    "delete_calendar": "times that it kept busy are free for the next hold",
    "delete_expired_records": "skips whatever is locked",
    "submit_reconciliation_page": (
        "compares what others have committed, and writes down where books differ"
    ),
    "revoke_calendar_feed": "the bookings can no longer be read",
}

# They meet bookings, but none of the specs': their races are in
# tests/concurrency/test_retention.py.
MEETING: Mapping[str, str] = {"erase_customer": "takes the name off bookings that are over"}


@dataclass(frozen=True, slots=True)
class Step:
    """One way to call a function.

    Attributes:
        says: what it is, for the reader of the table.
        call: the call on what the spec has, or None where there is nothing to call it on.
        specs: where it adds something; empty: everywhere.
    """

    name: str
    function: str
    says: str
    call: Callable[[DbClient, State], Call | None]
    specs: frozenset[str] = frozenset()


def _hold(db_client: DbClient, state: State) -> Call:
    return db_client.hold_call(TEN)


def _repeat(db_client: DbClient, state: State) -> Call | None:
    return None if state.held else db_client.hold_call(TEN, key="one", customer=_CUSTOMER)


def _misuse(db_client: DbClient, state: State) -> Call | None:
    return (
        None if state.held else db_client.hold_call(TEN, key="one", notes="x", customer=_CUSTOMER)
    )


_CUSTOMER = {"name": "Grace", "email": "grace@example.com"}


def _begin(db_client: DbClient, state: State) -> Call | None:
    return db_client.checkout_call(state.held) if state.held else None


def _begin_again(db_client: DbClient, state: State) -> Call | None:
    return db_client.checkout_call(state.held, **ELSEWHERE) if state.held else None


def _attach(db_client: DbClient, state: State) -> Call | None:
    return _attaching(db_client, state, state.session)


def _attach_none(db_client: DbClient, state: State) -> Call | None:
    return _attaching(db_client, state, None)


def _attaching(db_client: DbClient, state: State, session: object) -> Call | None:
    if state.held is None or state.checkout is None:
        return None
    actor = db_client.actor(state.held.secret)
    return "attach_checkout", (actor, state.held.id, state.checkout["id"], session)


def _release(db_client: DbClient, state: State) -> Call | None:
    return db_client.release_call(state.held) if state.held else None


def _move(db_client: DbClient, state: State) -> Call | None:
    return db_client.reschedule_call(state.held, FOUR) if state.held else None


def _give_up(db_client: DbClient, state: State) -> Call | None:
    return db_client.abandon_call(state.held) if state.held else None


def _settled(outcome: str) -> Callable[[DbClient, State], Call | None]:
    def call(db_client: DbClient, state: State) -> Call | None:
        # one event per fact, which Stripe may deliver repeatedly
        return settle_call(state.session, outcome, f"evt_{outcome}") if state.session else None

    return call


def _asked(db_client: DbClient, state: State) -> Call | None:
    return ("settle_checkout", (None, "paid", state.session)) if state.session else None


def _sweep(db_client: DbClient, state: State) -> Call:
    return "expire_holds", (100,)


def _claim(db_client: DbClient, state: State) -> Call:
    return "claim_effects", (10, 60)


def _finished(kind: str, verdict: str, **result: Any) -> Callable[[DbClient, State], Call | None]:
    def call(db_client: DbClient, state: State) -> Call | None:
        effect = state.effect
        if effect is None or effect["kind"] != kind:
            return None
        told = (
            {"session": state.session} if kind == "expire_session" else {"refund": {"id": "re_1"}}
        )
        return "finish_effect", (effect["id"], effect["lease"], verdict, told | result)

    return call


def _retried(db_client: DbClient, state: State) -> Call | None:
    if state.effect is None:
        return None
    return "finish_effect", (state.effect["id"], state.effect["lease"], "retry", {"error": "late"})


def _redone(db_client: DbClient, state: State) -> Call | None:
    if state.effect is None or state.effect["kind"] != "refund_payment":
        return None
    return "retry_effect", (state.effect["id"], "ada")


def _told_of_refund(status: str) -> Callable[[DbClient, State], Call | None]:
    def call(db_client: DbClient, state: State) -> Call | None:
        if state.effect is None or state.effect["kind"] != "refund_payment":
            return None
        metadata = {
            "refund_id": state.effect["refund"]["id"],
            "tenant_id": state.effect["tenant_id"],
        }
        event = {"id": f"evt_{status}", "type": "test.refund", "created": 1}
        return "settle_refund", (event, status, {"id": "re_1", "metadata": metadata})

    return call


def _join(db_client: DbClient, state: State) -> Call | None:
    return db_client.wait_call(state.wish) if state.wish else None


def _leave(db_client: DbClient, state: State) -> Call | None:
    if state.place is None:
        return None
    return "leave_waitlist", (db_client.actor(state.place.secret), state.place.id, None)


def _offer(db_client: DbClient, state: State) -> Call | None:
    return ("offer_waiting", (100,)) if state.wish else None


def _close(db_client: DbClient, state: State) -> Call:
    period = {"starts_at": TEN, "ends_at": _ELEVEN, "reason": None}
    identifier = str(uuid4())  # the key as well: any will do
    arguments = ("blackout", db_client.tutor["id"], identifier, identifier, period)
    return "create_catalogue_item", (db_client.actor(kind="secret"), *arguments)


def _restrict(db_client: DbClient, state: State) -> Call:
    changes = {"horizon_days": 1}
    arguments = ("resource", None, db_client.tutor["id"], None, changes)
    return "change_catalogue_item", (db_client.actor(kind="secret"), *arguments)


def _archive(db_client: DbClient, state: State) -> Call:
    arguments = ("resource", None, db_client.tutor["id"], None)
    return "remove_catalogue_item", (db_client.actor(kind="secret"), *arguments)


def _busy(db_client: DbClient, state: State) -> Call | None:
    if state.calendar is None:
        return None
    found = {"busy": [[TEN, _ELEVEN]], "until": "2028-01-18T10:00:00Z"}
    reading = {"outcome": "read", "etag": None, "last_modified": None} | found
    return "store_calendar_busy", (state.calendar, db_client.database.clock.now(), reading)


_ELEVEN = "2027-01-18T11:00:00Z"
_UNPAID = frozenset({"creating", "open", "overdue", "closing", "replacing", "differing"})
_MOVING = frozenset({"held", "moved", "changing", "differing", "wanted", "contested", "buried"})
_RULED = frozenset({"free", "closing", "expired", "vacant", "wanted", "contested"})

STEPS: tuple[Step, ...] = (
    Step("hold", "create_hold", "another customer wants the time", _hold),
    Step("repeat", "create_hold", "hold the time with a key that two requests share", _repeat),
    Step("misuse", "create_hold", "another request with that key", _misuse),
    Step("begin", "begin_checkout", "begin to pay", _begin),
    Step(
        "begin-again",
        "begin_checkout",
        "go to pay, with other return addresses",
        _begin_again,
        frozenset({"held", "creating", "open", "replacing", "reopened"}),
    ),
    Step("attach", "attach_checkout", "record the session that was made", _attach),
    Step(
        "attach-none",
        "attach_checkout",
        "write down that Stripe refused to make one",
        _attach_none,
        frozenset({"creating"}),
    ),
    Step("release", "release_hold", "leave", _release),
    Step("move", "reschedule_booking", "reschedule the booking", _move, _MOVING),
    Step("give-up", "cancel_reschedule", "cancel a reschedule that is not paid", _give_up, _MOVING),
    Step("paid", "settle_checkout", "Stripe reports that the session was paid", _settled("paid")),
    Step("ask-paid", "settle_checkout", "Stripe was asked, and it was paid", _asked),
    Step("expired", "settle_checkout", "Stripe reports that it expired", _settled("expired")),
    Step(
        "pending",
        "settle_checkout",
        "Stripe reports that a slow method is paying it",
        _settled("pending"),
        _UNPAID,
    ),
    Step(
        "failed",
        "settle_checkout",
        "Stripe reports that the slow method failed",
        _settled("failed"),
        frozenset({"pending", "begun"}),
    ),
    Step("sweep", "expire_holds", "end what has passed its deadline", _sweep),
    Step("claim", "claim_effects", "the outbox takes what is due", _claim),
    Step(
        "closed",
        "finish_effect",
        "the outbox has closed the session",
        _finished("expire_session", "done", outcome="expired"),
    ),
    Step(
        "closed-paid",
        "finish_effect",
        "the outbox was to close the session, and found it paid",
        _finished("expire_session", "done", outcome="paid"),
    ),
    Step(
        "sent-back",
        "finish_effect",
        "the outbox has sent the money back",
        _finished("refund_payment", "done", status="succeeded"),
    ),
    Step("retry", "finish_effect", "the outbox could not reach Stripe", _retried),
    Step(
        "redo",
        "retry_effect",
        "a person has what is dead done again",
        _redone,
        frozenset({"buried", "moved", "refunding"}),
    ),
    Step(
        "refunded",
        "settle_refund",
        "Stripe reports that the refund succeeded",
        _told_of_refund("succeeded"),
    ),
    Step(
        "unrefunded",
        "settle_refund",
        "Stripe reports that the refund failed",
        _told_of_refund("failed"),
    ),
    Step("join", "join_waitlist", "another customer joins the waitlist", _join),
    Step("leave", "leave_waitlist", "the customer who waits, or has the offer, leaves", _leave),
    Step("offer", "offer_waiting", "the sweep offers free times to the waitlist", _offer),
    Step("close", "create_catalogue_item", "a blackout is added at the time", _close, _RULED),
    Step(
        "restrict",
        "change_catalogue_item",
        "bookings so far ahead are no longer allowed",
        _restrict,
        _RULED,
    ),
    Step("archive", "remove_catalogue_item", "the resource is archived", _archive, _RULED),
    Step(
        "busy",
        "store_calendar_busy",
        "the resource's own calendar has something at the time",
        _busy,
        _RULED,
    ),
)
