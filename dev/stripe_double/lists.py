"""Lists, their cursors, and expanding references: https://docs.stripe.com/api/pagination."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dev.stripe_double.context import Context
from dev.stripe_double.messages import ApiError, Json, invalid
from dev.stripe_double.storage import Document

DEFAULT_LIMIT = 10
MAX_LIMIT = 100
MAX_EXPAND_DEPTH = 4  # https://docs.stripe.com/api/expanding_objects

# Fields that hold an id, and the kind of object it is.
REFERENCES = {
    "payment_intent": ("payment_intent",),
    "latest_charge": ("charge",),
    "charge": ("charge",),
    "payment_method": ("payment_method",),
    "balance_transaction": ("balance_transaction",),
    "failure_balance_transaction": ("balance_transaction",),
    "source": ("charge", "refund"),
}


def envelope(url: str, data: Sequence[Any], *, has_more: bool = False) -> Json:
    """The list object."""
    return {"object": "list", "data": list(data), "has_more": has_more, "url": url}


def limit_of(params: Mapping[str, Any]) -> int:
    """Read `limit`: 1 to 100, 10 by default."""
    limit = params.get("limit")
    if limit is None:
        return DEFAULT_LIMIT
    if limit > MAX_LIMIT:
        message = f"This value must be less than or equal to {MAX_LIMIT} (currently {limit})."
        raise invalid(message, "limit", "parameter_invalid_integer")
    if limit < 1:
        message = "This value must be greater than or equal to 1."
        raise invalid(message, "limit", "parameter_invalid_integer")
    return int(limit)


def listing(
    ctx: Context,
    kind: str,
    params: Mapping[str, Any],
    *,
    url: str,
    filters: Sequence[str] = (),
    types: Sequence[str] = (),
    render: Callable[[Context, Document], Json],
) -> Json:
    """One page of objects, newest first; `filters` name the parameters that are exact matches."""
    cursors = {}
    for name in ("starting_after", "ending_before"):
        if params.get(name) is not None:
            cursors[name] = ctx.fetch(kind, params[name], name).sequence
    if len(cursors) == 2:
        raise invalid("You may only specify one of starting_after and ending_before.", None)
    created = params.get("created")
    bounds = [("eq", created)] if isinstance(created, int) else list((created or {}).items())
    page = ctx.storage.find(
        kind,
        where={name: params[name] for name in filters if params.get(name) is not None},
        types=types,
        created=bounds,
        after=cursors.get("starting_after"),
        before=cursors.get("ending_before"),
        limit=limit_of(params),
    )
    data = [render(ctx, document) for document in page.documents]
    return envelope(url, data, has_more=page.has_more)


def slice_of(url: str, items: Sequence[Json], params: Mapping[str, Any]) -> Json:
    """One page of a list that is part of an object, in its own order (line items)."""
    ids = [item["id"] for item in items]
    start, stop = 0, len(items)
    limit = limit_of(params)
    for name in ("starting_after", "ending_before"):
        if params.get(name) is not None and params[name] not in ids:
            raise ApiError(f"No such item: '{params[name]}'", code="resource_missing", param=name)
    if params.get("starting_after") is not None:
        start = ids.index(params["starting_after"]) + 1
    if params.get("ending_before") is not None:
        stop = ids.index(params["ending_before"])
        chosen = items[max(start, stop - limit) : stop]
        return envelope(url, chosen, has_more=stop - limit > start)
    return envelope(url, items[start : start + limit], has_more=start + limit < stop)


Show = Callable[[Context, str, str], Json | None]


def expand(ctx: Context, body: Json, paths: Sequence[str], *, show: Show, include: Show) -> Json:
    """Replace references by the objects they name.

    `show(ctx, kind, object_id)` answers an object; `include(ctx, object_id, field)` answers fields
    that are absent until asked for (a session's line_items). Both answer None for what they do not
    have. Raises ApiError (400) for what cannot be expanded.
    """
    for path in paths:
        keys = path.split(".")
        if len(keys) > MAX_EXPAND_DEPTH:
            message = (
                f"You cannot expand more than {MAX_EXPAND_DEPTH} levels of a property ({path})."
            )
            raise invalid(message, "expand")
        _expand(ctx, body, keys, show, include)
    return body


def _expand(ctx: Context, node: Json, keys: list[str], show: Show, include: Show) -> None:
    key, rest = keys[0], keys[1:]
    if key == "data" and node.get("object") == "list":
        for element in node["data"] if rest else []:
            _expand(ctx, element, rest, show, include)
        return
    if key not in node and (included := include(ctx, str(node.get("id")), key)) is not None:
        node[key] = included
    value = node.get(key)
    if isinstance(value, str) and key in REFERENCES:
        found = (show(ctx, kind, value) for kind in REFERENCES[key])
        node[key] = next((body for body in found if body is not None), value)
    elif not isinstance(value, dict) and not (key in node and key in REFERENCES):
        raise invalid(f"This property cannot be expanded ({key}).", "expand")
    if rest and isinstance(node[key], dict):
        _expand(ctx, node[key], rest, show, include)
