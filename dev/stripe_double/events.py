"""Events: the record of what happened, and the source of webhook deliveries."""

import copy
import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from dev.stripe_double import deliveries, lists
from dev.stripe_double.context import Context
from dev.stripe_double.messages import Json, invalid
from dev.stripe_double.storage import Document

MAX_TYPES = 20


@cache
def api_version() -> str:
    """The version whose shapes this double speaks: the one the installed SDK is pinned to."""
    return str(importlib.import_module("stripe._api_version")._ApiVersion.CURRENT)


def emit(ctx: Context, type_: str, document: Document, previous: Json | None = None) -> Document:
    """Record an event with a snapshot of the object, and queue it for every endpoint that listens.

    `previous` holds the former values of changed fields, for `*.updated` and the like.
    """
    data: Json = {"object": copy.deepcopy(document.body)}
    if previous is not None:
        data["previous_attributes"] = previous
    event = ctx.storage.save(
        Document(
            "event",
            {
                "id": ctx.ids.object("evt"),
                "object": "event",
                "api_version": api_version(),
                "created": ctx.timestamp,
                "data": data,
                "livemode": False,
                "pending_webhooks": 0,
                "request": {"id": ctx.request_id, "idempotency_key": ctx.idempotency_key},
                "type": type_,
            },
        )
    )
    deliveries.enqueue(ctx, event)
    return event


def render(ctx: Context, document: Document) -> Json:
    """The event as the API shows it now."""
    pending = deliveries.pending(ctx.storage, document.id)
    return {**document.body, "pending_webhooks": pending}


def retrieve(ctx: Context, event_id: str, _params: Mapping[str, Any]) -> Json:
    """GET /v1/events/{id}."""
    return render(ctx, ctx.fetch("event", event_id))


def list_events(ctx: Context, params: Mapping[str, Any]) -> Json:
    """GET /v1/events: by `type` (a name, or a group such as `charge.*`), or by `types`."""
    wanted = list(params.get("types") or [])
    if params.get("type") is not None:
        if wanted:
            raise invalid("You may pass either `type` or `types`, but not both.", "types")
        wanted = [params["type"]]
    if len(wanted) > MAX_TYPES:
        raise invalid(f"You may pass at most {MAX_TYPES} types.", "types")
    if params.get("delivery_success") is not None:
        raise invalid("This double cannot filter by delivery_success.", "delivery_success")
    # Only `*` is a wildcard at Stripe; SQLite's globs know two more.
    globs = [name.replace("[", "[[]").replace("?", "[?]") for name in wanted]
    return lists.listing(ctx, "event", params, url="/v1/events", types=globs, render=render)
