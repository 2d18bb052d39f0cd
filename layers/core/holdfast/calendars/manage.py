"""What servers do with calendars: add, list and remove external ones, create and revoke feeds; and
what a feed answers.
"""

from typing import Any
from uuid import UUID

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.access import actors, booking_secrets
from holdfast.access.actors import Actor
from holdfast.api import idempotency
from holdfast.calendars import export
from holdfast.calendars.models import CalendarRequest
from holdfast.platform import database, ids
from holdfast.platform.errors import NotFound
from holdfast.platform.observability import count

_ENDING = ".ics"


def add(
    actor: Actor, resource_id: UUID, request: CalendarRequest, key: str, context: LambdaContext
) -> dict[str, Any]:
    """Add a calendar, to be read from now on.

    Raises:
        Forbidden: not a secret key.
        NotFound: no such resource.
        IllegalState: it has as many calendars as allowed.
        IdempotencyKeyReused, RequestInProgress: see `idempotency.once`.
    """
    wanted = request.as_json() | {"resource_id": str(resource_id)}

    def effect() -> dict[str, Any]:
        calendar_id = ids.new()
        added: dict[str, Any] = database.call(
            "create_calendar", actor.as_json(), key, calendar_id, wanted
        )
        if added["id"] == str(calendar_id):  # otherwise it is a repeat's
            count("CalendarAdded")
        return added

    return idempotency.once(actor, "create_calendar", resource_id, key, wanted, effect, context)


def list_all(actor: Actor, resource_id: UUID) -> dict[str, Any]:
    """The calendars that are read for a resource.

    Raises:
        Forbidden: not a secret key.
        NotFound: no such resource.
    """
    found: dict[str, Any] = database.call("list_calendars", actor.as_json(), resource_id)
    return found


def remove(actor: Actor, resource_id: UUID, calendar_id: UUID) -> None:
    """Stop reading a calendar, and delete its busy times.

    Raises:
        Forbidden: not a secret key.
        NotFound: no such calendar of this resource.
    """
    database.call("delete_calendar", actor.as_json(), resource_id, calendar_id)


def give_out(
    actor: Actor, resource_id: UUID, key: str, origin: str, context: LambdaContext
) -> dict[str, Any]:
    """Make a feed; only this answer has its address.

    Args:
        origin: where the API is reached, `https://api.example`.

    Raises:
        Forbidden: not a secret key.
        NotFound: no such resource.
        IdempotencyKeyReused, RequestInProgress: see `idempotency.once`.
    """

    def effect() -> dict[str, Any]:
        feed_id = ids.new()
        token_hash = actors.digest(booking_secrets.calendar_token(feed_id))
        feed: dict[str, Any] = database.call(
            "create_calendar_feed",
            booking_secrets.making(actor.as_json()),
            key,
            feed_id,
            token_hash,
            resource_id,
        )
        if feed["id"] == str(feed_id):  # otherwise it is a repeat's
            count("CalendarFeedGiven")
        return feed

    feed = idempotency.once(actor, "create_calendar_feed", resource_id, key, {}, effect, context)
    feed, key_id = booking_secrets.without_key_id(feed)
    token = actors.naming(booking_secrets.calendar_token(feed["id"], key_id), actor.tenant)
    return {**feed, "url": f"{origin}/v1/calendar-feeds/{token}{_ENDING}"}


def list_given_out(actor: Actor, resource_id: UUID) -> dict[str, Any]:
    """The feeds of a resource, revoked ones included.

    Raises:
        Forbidden: not a secret key.
        NotFound: no such resource.
    """
    found: dict[str, Any] = database.call("list_calendar_feeds", actor.as_json(), resource_id)
    return found


def revoke(actor: Actor, resource_id: UUID, feed_id: UUID) -> dict[str, Any]:
    """Make the address invalid; revoking twice is revoking once.

    Raises:
        Forbidden: not a secret key.
        NotFound: no such feed of this resource.
    """
    feed: dict[str, Any] = database.call(
        "revoke_calendar_feed", actor.as_json(), resource_id, feed_id
    )
    return feed


def feed_text(file: str) -> str:
    """The iCalendar text behind the last part of a secret address.

    Raises:
        NotFound: the address is unknown or revoked. Even an impossible token is looked up.
    """
    token = file.removesuffix(_ENDING)
    token_hash = actors.digest(actors.first_written(token))
    found = database.call(
        "read_calendar_feed", token_hash, actors.tenant_in(token), where=database.READER
    )
    if not file.endswith(_ENDING):
        raise NotFound()
    return export.text(found["resource"], found["bookings"])
