"""What can be booked and when, managed by a tenant's servers: the same operations for all kinds.

Resources, offerings and pools are items of their own and are archived; weekly hours, date overrides
and blackouts belong to a resource and are deleted.
"""

from typing import Any, Literal
from uuid import UUID

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.access.actors import Actor
from holdfast.api import idempotency
from holdfast.catalogue.models import Patch
from holdfast.platform import cursors, database, ids

Kind = Literal["resource", "offering", "pool", "hours", "override", "blackout"]


def create(
    actor: Actor,
    kind: Kind,
    request: Patch,
    key: str,
    context: LambdaContext,
    resource_id: UUID | None = None,
) -> dict[str, Any]:
    """Add an item; the answer of a blackout has the live bookings in its time.

    Raises:
        Forbidden: not a secret key.
        NotFound: no such resource, or something that the item names.
        WindowOverlaps: hours or override, with the existing window.
        IdempotencyKeyReused, RequestInProgress: see `idempotency.once`.
    """
    body = request.as_json()

    def effect() -> dict[str, Any]:
        made: dict[str, Any] = database.call(
            "create_catalogue_item", actor.as_json(), kind, resource_id, key, ids.new(), body
        )
        return made

    return idempotency.once(actor, f"create_{kind}", resource_id, key, body, effect, context)


def get(actor: Actor, kind: Kind, item_id: UUID) -> dict[str, Any]:
    """One resource, offering or pool, archived or not.

    Raises:
        Forbidden, NotFound.
    """
    item: dict[str, Any] = database.call("get_catalogue_item", actor.as_json(), kind, item_id)
    return item


def list_page(
    actor: Actor,
    kind: Kind,
    cursor: str | None,
    limit: int,
    *,
    archived: bool = False,
    resource_id: UUID | None = None,
) -> dict[str, Any]:
    """A page of items in the order in which they were made.

    Raises:
        Forbidden, NotFound.
        InvalidRequest: the cursor is not one of ours.
    """
    after = cursors.decode(cursor)
    page = database.call(
        "list_catalogue_items",
        actor.as_json(),
        kind,
        resource_id,
        archived,
        after and after["id"],
        limit,
    )
    following = page["next"]
    return {
        "items": page["items"],
        "next_cursor": cursors.encode({"id": following} if following else None),
    }


def change(
    actor: Actor,
    kind: Kind,
    item_id: UUID,
    change: Patch,
    version: int | None,
    resource_id: UUID | None = None,
) -> dict[str, Any]:
    """Change what the request names. Existing bookings are not affected.

    Raises:
        Forbidden, NotFound, StaleVersion, Archived, WindowOverlaps, InUse.
    """
    item: dict[str, Any] = database.call(
        "change_catalogue_item",
        actor.as_json(),
        kind,
        resource_id,
        item_id,
        version,
        change.as_json(),
    )
    return item


def remove(
    actor: Actor,
    kind: Kind,
    item_id: UUID,
    version: int | None,
    resource_id: UUID | None = None,
) -> Any:
    """Archive a resource, an offering or a pool, and answer it; delete a rule, and answer None.

    Raises:
        Forbidden, NotFound, StaleVersion.
    """
    return database.call(
        "remove_catalogue_item", actor.as_json(), kind, resource_id, item_id, version
    )
