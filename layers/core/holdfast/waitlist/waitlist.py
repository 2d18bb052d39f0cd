"""Waiting for a time that is taken: joining, reading, leaving; and the offers."""

from typing import Any
from uuid import UUID

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.access import actors, booking_secrets
from holdfast.access.actors import Actor
from holdfast.api import idempotency
from holdfast.platform import cursors, database, ids
from holdfast.platform.observability import count
from holdfast.waitlist.models import WaitRequest


def join(actor: Actor, request: WaitRequest, key: str, context: LambdaContext) -> dict[str, Any]:
    """Join the waitlist; the answer has the secret that opens the entry.

    Raises:
        TimeIsFree: with the free periods, which can be held at once.
        AlreadyWaiting: a server's customer has an entry for it. A browser gets another entry.
        TooManyHolds: the network address, or for a server the customer, has as many as allowed.
        Forbidden: an override without a secret key.
        NotOffered, NotPriced, NotFound: not in the catalogue.
        IdempotencyKeyReused, RequestInProgress: see `idempotency.once`.
    """

    def effect() -> dict[str, Any]:
        entry_id = ids.new()
        secret_hash = actors.digest(booking_secrets.waitlist_secret(entry_id))
        place: dict[str, Any] = database.call(
            "join_waitlist",
            booking_secrets.making(booking_secrets.with_address_hash(actor)),
            key,
            entry_id,
            secret_hash,
            request.as_json(),
        )
        if place["id"] == str(entry_id):  # otherwise it is a repeat's
            count("WaitlistJoined")
        return place

    place = idempotency.once(actor, "join_waitlist", None, key, request.as_json(), effect, context)
    place, key_id = booking_secrets.without_key_id(place)
    secret = booking_secrets.waitlist_secret(place["id"], key_id)
    return {**place, "client_secret": actors.naming(secret, actor.tenant)}


def get(actor: Actor, entry_id: UUID) -> dict[str, Any]:
    """One entry.

    Raises:
        NotFound: no such entry for this caller.
    """
    place: dict[str, Any] = database.call("get_waitlist_entry", actor.as_json(), entry_id)
    return place


def leave(actor: Actor, entry_id: UUID, version: int | None) -> dict[str, Any]:
    """Leave the waitlist; an offer goes to the next in line.

    Raises:
        NotFound: no such entry for this caller.
        IllegalState: the offer is being paid, or is booked.
        StaleVersion: the entry has changed since.
    """
    place: dict[str, Any] = database.call("leave_waitlist", actor.as_json(), entry_id, version)
    return place


def list_page(
    actor: Actor, filters: dict[str, Any], cursor: str | None, limit: int
) -> dict[str, Any]:
    """A page of the tenant's entries, the oldest first.

    Raises:
        Forbidden: not a secret key.
        InvalidRequest: the cursor is not one of ours.
    """
    after = cursors.decode(cursor)
    page = database.call("list_waitlist", actor.as_json(), filters, after and after["id"], limit)
    position = None if page["next"] is None else {"id": page["next"]}
    return {"places": page["places"], "next_cursor": cursors.encode(position)}
