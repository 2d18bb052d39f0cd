"""Webhook deliveries: what is queued for whom, when it is tried, and how it is signed.

At least once, unordered, and signed afresh on every attempt, as
https://docs.stripe.com/webhooks describes. A delivery that fails is retried with growing pauses
until three days have passed.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dev.stripe_double.context import Context
from dev.stripe_double.messages import Json
from dev.stripe_double.storage import Document, Storage

RETRY_WINDOW = 3 * 86_400  # seconds

Post = Callable[[str, Mapping[str, str], bytes], int]


@dataclass(frozen=True)
class Backoff:
    """Seconds before retry n = 1, 2, …: `first` doubled each time, at most `longest`.

    Stripe's own pauses grow to hours; these suit a person who watches.
    """

    first: float = 1.0
    longest: float = 60.0

    def after(self, attempts: int) -> float:
        """The pause after that many failed attempts."""
        return float(min(self.longest, self.first * 2 ** min(attempts - 1, 30)))


@dataclass(frozen=True)
class Parcel:
    """One attempt that is about to be made."""

    delivery_id: int
    event_id: str
    event_type: str
    endpoint_id: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    attempt: int


@dataclass(frozen=True)
class Attempt:
    """One attempt that was made. `status` is None when nothing answered."""

    event_id: str
    event_type: str
    endpoint_id: str
    url: str
    attempt: int
    status: int | None

    @property
    def delivered(self) -> bool:
        """Only a 2xx counts, as at Stripe: a redirect is a failure."""
        return self.status is not None and 200 <= self.status < 300


def sign(secrets: list[str], timestamp: int, body: bytes) -> str:
    """The Stripe-Signature header: HMAC-SHA256 of `timestamp.body`, one v1 for each live secret.

    Source: https://docs.stripe.com/webhooks#verify-manually.
    """
    signed = str(timestamp).encode() + b"." + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={mark}" for mark in marks)])


def listens(endpoint: Document, event_type: str) -> bool:
    """Whether an enabled endpoint wants this type; its list may hold `*`."""
    body = endpoint.body
    wanted = body["enabled_events"]
    return body["status"] == "enabled" and ("*" in wanted or event_type in wanted)


def enqueue(ctx: Context, event: Document) -> None:
    """Queue a new event for every endpoint that listens, changed by the matching faults."""
    for endpoint in ctx.storage.find("webhook_endpoint").documents:
        if not listens(endpoint, event.body["type"]):
            continue
        bend = ctx.faults.bend(event.body["type"])
        for _ in range(bend.copies):
            _insert(
                ctx,
                event.id,
                endpoint.id,
                state="dropped" if bend.drop else "pending",
                next_at=ctx.now + bend.seconds,
                backwards=bend.backwards,
            )


def redeliver(ctx: Context, event: Document) -> int:
    """Queue an event again for all that listen, untouched by faults; returns for how many."""
    endpoints = ctx.storage.find("webhook_endpoint").documents
    chosen = [endpoint for endpoint in endpoints if listens(endpoint, event.body["type"])]
    for endpoint in chosen:
        _insert(ctx, event.id, endpoint.id, state="pending", next_at=ctx.now, backwards=False)
    return len(chosen)


def _insert(
    ctx: Context, event_id: str, endpoint_id: str, *, state: str, next_at: float, backwards: bool
) -> None:
    connection = ctx.storage.connection
    cursor = connection.execute(
        "insert into deliveries (event_id, endpoint_id, state, first_at, next_at, rank)"
        " values (?, ?, ?, ?, ?, 0)",
        [event_id, endpoint_id, state, ctx.now, next_at],
    )
    # Among those due together the lowest rank goes first, so a negative one reverses the order.
    rank = (cursor.lastrowid or 0) * (-1 if backwards else 1)
    connection.execute("update deliveries set rank = ? where id = ?", [rank, cursor.lastrowid])


def pending(storage: Storage, event_id: str) -> int:
    """How many endpoints have yet to answer this event with a 2xx."""
    row = storage.connection.execute(
        "select count(distinct endpoint_id) from deliveries"
        " where event_id = ? and state in ('pending', 'failed')",
        [event_id],
    ).fetchone()
    return int(row[0])


def next_due(storage: Storage, busy: frozenset[int]) -> float | None:
    """When the next delivery that is not under way is due (epoch seconds), or None."""
    rows = storage.connection.execute(
        "select next_at, id from deliveries where state = 'pending' order by next_at limit ?",
        [len(busy) + 1],
    )
    return next((float(moment) for moment, number in rows if number not in busy), None)


def counts(storage: Storage) -> Json:
    """How many deliveries are in each state."""
    rows = storage.connection.execute("select state, count(*) from deliveries group by state")
    return {"pending": 0, "delivered": 0, "failed": 0, "dropped": 0, **dict(rows.fetchall())}


def due(storage: Storage, now: float, busy: frozenset[int], limit: int) -> list[Parcel]:
    """What is due and not already on its way, ready to be sent."""
    rows = storage.connection.execute(
        "select id, event_id, endpoint_id, attempts from deliveries"
        " where state = 'pending' and next_at <= ? order by rank limit ?",
        [now, limit + len(busy)],
    ).fetchall()
    parcels: list[Parcel] = []
    for delivery_id, event_id, endpoint_id, attempts in rows:
        if delivery_id in busy or len(parcels) == limit:
            continue
        event = storage.get("event", event_id)
        endpoint = storage.get("webhook_endpoint", endpoint_id)
        if event is None or endpoint is None or endpoint.body["status"] != "enabled":
            finish(storage, delivery_id, "failed")
            continue
        parcels.append(_parcel(delivery_id, event, endpoint, attempts + 1, now))
    return parcels


def _parcel(
    delivery_id: int, event: Document, endpoint: Document, attempt: int, now: float
) -> Parcel:
    version = endpoint.body["api_version"] or event.body["api_version"]
    content = {**event.body, "api_version": version, "pending_webhooks": 1}
    body = json.dumps(content, ensure_ascii=False, indent=2).encode()  # indented, as at Stripe
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": sign(live_secrets(endpoint, now), int(now), body),
    }
    return Parcel(
        delivery_id,
        event.id,
        event.body["type"],
        endpoint.id,
        endpoint.body["url"],
        headers,
        body,
        attempt,
    )


def live_secrets(endpoint: Document, now: float) -> list[str]:
    """The endpoint's secrets that still sign, the newest first."""
    secrets = endpoint.private["secrets"]
    return [
        entry["secret"]
        for entry in secrets
        if entry["expires_at"] is None or entry["expires_at"] > now
    ]


def record(
    storage: Storage, parcel: Parcel, status: int | None, now: float, backoff: Backoff
) -> Attempt:
    """Record how an attempt went, and plan the next one if it failed."""
    attempt = Attempt(
        parcel.event_id,
        parcel.event_type,
        parcel.endpoint_id,
        parcel.url,
        parcel.attempt,
        status,
    )
    next_at = now + backoff.after(parcel.attempt)
    storage.connection.execute(
        "update deliveries set attempts = ?, last_status = ?, next_at = ?,"
        " state = case when ? then 'delivered' when ? - first_at > ? then 'failed' else state end"
        " where id = ?",
        [
            parcel.attempt,
            status,
            next_at,
            attempt.delivered,
            next_at,
            RETRY_WINDOW,
            parcel.delivery_id,
        ],
    )
    return attempt


def finish(storage: Storage, delivery_id: int, state: str) -> None:
    """End a delivery without another attempt."""
    storage.connection.execute("update deliveries set state = ? where id = ?", [state, delivery_id])
