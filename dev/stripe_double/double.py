"""The double itself: a pure core that turns requests into responses, whatever carries them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

from dev.stripe_double import authorisations, capturing, deliveries, events, overview, sessions
from dev.stripe_double import paying as customer
from dev.stripe_double import refunds as refund_operations
from dev.stripe_double import webhook_endpoints as endpoints
from dev.stripe_double.api import Api
from dev.stripe_double.context import Context
from dev.stripe_double.deliveries import Attempt, Backoff, Parcel, Post
from dev.stripe_double.faults import Faults
from dev.stripe_double.ids import Ids
from dev.stripe_double.messages import ApiError, Json, Request, Response
from dev.stripe_double.paying import Outcome
from dev.stripe_double.storage import Document, Storage


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


class Double:
    """A stateful double of the parts of Stripe that take payments.

    One lock makes every operation atomic, one SQLite transaction makes it durable. Nothing here
    opens a socket or starts a thread; `server` does, and tests need not.

    storage     where everything is kept
    clock       answers the time (timezone-aware UTC)
    seed        makes ids repeatable; only for storage that starts empty
    public_url  where the hosted pages are reachable, without a slash at the end
    api_keys    the secret keys accepted; by default anything like `sk_test_…`
    sleep       how `slow` faults wait (seconds); a simulation moves its clock instead
    backoff     the pauses between webhook attempts
    """

    def __init__(
        self,
        storage: Storage | None = None,
        *,
        clock: Callable[[], datetime] = utc_now,
        seed: int | None = None,
        public_url: str = "http://127.0.0.1:12111",
        api_keys: Sequence[str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        backoff: Backoff | None = None,
    ) -> None:
        # Imports the SDK here, in one thread: its modules import each other in circles, and two
        # first requests at once would meet them half made.
        events.api_version()
        self.storage = storage or Storage()
        self.clock = clock
        self.public_url = public_url
        self.faults: Faults = Faults()
        self.backoff = backoff or Backoff()
        self.changed = threading.Condition()
        self.changes = 0
        self._ids = Ids(seed)
        self._lock = threading.RLock()
        self._busy: set[int] = set()
        self._api = Api(
            self.operation,
            api_keys=frozenset(api_keys) if api_keys is not None else None,
            sleep=sleep,
        )

    def handle(self, request: Request) -> Response:
        """Answer a request to the API. Raises ConnectionLost when no answer may arrive."""
        fault = self.faults.strike(request) if request.route.startswith("/v1/") else None
        return self._api.answer(request, self._ids.request(), fault)

    @contextmanager
    def operation(
        self, request_id: str | None = None, idempotency_key: str | None = None
    ) -> Iterator[Context]:
        """One atomic operation on a state that has caught up with the clock."""
        with self._lock:
            now = self.now()
            ctx = Context(self.storage, self._ids, self.faults, now, self.public_url)
            before = self.storage.connection.total_changes
            _catch_up(ctx)
            with self.storage.transaction():
                yield Context(
                    self.storage,
                    self._ids,
                    self.faults,
                    now,
                    self.public_url,
                    request_id,
                    idempotency_key,
                )
            changed = self.storage.connection.total_changes != before
        if changed:  # only then may there be something to deliver
            with self.changed:
                self.changes += 1
                self.changed.notify_all()

    def now(self) -> float:
        """The clock's time in epoch seconds."""
        return self.clock().timestamp()

    def close(self) -> None:
        """Release the storage."""
        with self._lock:
            self.storage.close()

    # What people and banks do.

    def act(
        self,
        session_id: str,
        action: str,
        card_number: str | None = None,
        email: str | None = None,
    ) -> Outcome:
        """Do on the hosted page what `paying.act` describes. Raises NotOpen, ApiError."""
        with self.operation() as ctx:
            return customer.act(ctx, session_id, action, card_number, email)

    def settle(self, session_id: str, outcome: str) -> Json:
        """Let a delayed payment `succeed` or `fail`; answer the session. Raises NotOpen."""
        if outcome not in ("succeed", "fail"):
            raise ApiError("outcome must be succeed or fail", param="outcome")
        with self.operation() as ctx:
            return customer.settle(ctx, session_id, succeeded=outcome == "succeed").body

    def expire(self, session_id: str) -> Json:
        """Expire an open session as time would; returns it. Raises ApiError unless it is open."""
        with self.operation() as ctx:
            return sessions.expire(ctx, session_id, {})

    def authorisations(self, /, **terms: int | str) -> Json:
        """Say how long authorisations last and how they end; see `authorisations.Terms`.

        Without arguments all is again as Stripe has it. Answers the terms in force.
        """
        with self.operation() as ctx:
            return asdict(authorisations.set_terms(ctx, terms))

    def end_authorisation(self, intent_id: str) -> Json:
        """Let an authorisation expire now; answer the intent. Raises ApiError (400)."""
        with self.operation() as ctx:
            return capturing.end_now(ctx, intent_id).body

    def capture(self, intent_id: str, amount: int | None = None) -> Json:
        """Capture in Stripe's dashboard, where no key of ours is used; answer the intent."""
        with self.operation() as ctx:
            return capturing.capture(ctx, intent_id, {"amount_to_capture": amount})

    def void(self, intent_id: str, reason: str | None = None) -> Json:
        """Cancel an authorised payment in Stripe's dashboard; answer the intent."""
        with self.operation() as ctx:
            return capturing.cancel(ctx, intent_id, {"cancellation_reason": reason})

    def move_refund(self, refund_id: str, status: str, failure_reason: str | None = None) -> Json:
        """Let a refund become `succeeded`, `failed` or `canceled`; answer it."""
        with self.operation() as ctx:
            return refund_operations.move(ctx, refund_id, status, failure_reason).body

    def run_short(self, *, short: bool) -> None:
        """Let refunds wait for money in the balance, or let those that wait go on."""
        with self.operation() as ctx:
            refund_operations.run_short(ctx, short=short)

    def refunds_start_as(self, status: str | None) -> None:
        """Let refunds from now on begin as `pending` or `succeeded` (None: as the card says)."""
        with self.operation() as ctx:
            refund_operations.start_as(ctx, status)

    # Webhooks.

    def register_endpoint(
        self, url: str, secret: str, enabled_events: Sequence[str] = ("*",)
    ) -> Json:
        """Add a webhook endpoint with a known secret; answer it."""
        with self.operation() as ctx:
            return endpoints.register(
                ctx, url=url, secret=secret, enabled_events=enabled_events
            ).body

    def register_command_line_endpoint(self, url: str, secret: str) -> Json:
        """Add or update the one endpoint that the command line names; answer it."""
        with self.operation() as ctx:
            return endpoints.register_command_line(ctx, url, secret).body

    def roll_secret(self, endpoint_id: str, overlap: float = 86_400) -> str:
        """Answer a new signing secret; the old one signs too for `overlap` more seconds."""
        with self.operation() as ctx:
            return endpoints.roll_secret(ctx, endpoint_id, overlap)

    def redeliver(self, event_id: str) -> int:
        """Queue an event again for all that listen; returns for how many."""
        with self.operation() as ctx:
            return deliveries.redeliver(ctx, ctx.fetch("event", event_id))

    def pump(self, post: Post, limit: int = 1_000) -> list[Attempt]:
        """Make the deliveries that are due, in this thread, and answer how they went.

        `post(url, headers, body)` answers an HTTP status, or raises OSError for no answer. What
        becomes due meanwhile waits for the next call.
        """
        return [self._send(parcel, post) for parcel in self._take(limit)]

    def deliver_one(self, post: Post) -> Attempt | None:
        """Make one delivery if one is due; several threads may do so at once."""
        parcels = self._take(1)
        return self._send(parcels[0], post) if parcels else None

    def next_due(self) -> float | None:
        """When the next delivery or expiry is due (epoch seconds), or None."""
        with self._lock:
            sending = deliveries.next_due(self.storage, frozenset(self._busy))
            moments = [moment for moment in (sending, self.storage.next_due()) if moment]
            return min(moments, default=None)

    def state(self) -> Json:
        """An overview of everything, as `/_double/state` shows it."""
        with self.operation() as ctx:
            return overview.of(ctx)

    def documents(self, kind: str) -> list[Document]:
        """All objects of a kind, newest first."""
        with self.operation() as ctx:
            return ctx.storage.find(kind).documents

    def _take(self, limit: int) -> list[Parcel]:
        with self.operation() as ctx:
            busy = frozenset(self._busy)
            parcels = deliveries.due(ctx.storage, ctx.now, busy, limit)
            self._busy.update(parcel.delivery_id for parcel in parcels)
            return parcels

    def _send(self, parcel: Parcel, post: Post) -> Attempt:
        status: int | None = None
        try:
            status = post(parcel.url, parcel.headers, parcel.body)
        except OSError:
            status = None  # nothing answered: tried again later, like any failure
        finally:
            with self.operation() as ctx:
                attempt = deliveries.record(ctx.storage, parcel, status, ctx.now, self.backoff)
                self._busy.discard(parcel.delivery_id)
        return attempt


def _catch_up(ctx: Context) -> None:
    """Do what time alone does: sessions and authorisations expire, and some refunds fail."""
    due = ctx.storage.due(ctx.now)
    if not due:
        return
    with ctx.storage.transaction():
        for document in due:
            _BY_TIME[document.kind](ctx, document)


_BY_TIME: dict[str, Callable[[Context, Document], None]] = {
    sessions.KIND: sessions.end,
    "payment_intent": capturing.end,
    "refund": refund_operations.fail,
}
