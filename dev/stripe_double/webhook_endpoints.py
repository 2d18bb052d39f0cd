"""Webhook endpoints: https://docs.stripe.com/api/webhook_endpoints."""

from collections.abc import Mapping, Sequence
from typing import Any

from dev.stripe_double import lists
from dev.stripe_double.context import Context, merged_metadata
from dev.stripe_double.messages import Json, invalid
from dev.stripe_double.parameters import missing_parameter
from dev.stripe_double.storage import Document
from dev.stripe_double.urls import web_address

KIND = "webhook_endpoint"


def create(ctx: Context, params: Mapping[str, Any]) -> Json:
    """POST /v1/webhook_endpoints; only this answer holds the signing secret."""
    if params.get("connect"):
        raise invalid("This double has no connected accounts.", "connect")
    endpoint = register(
        ctx,
        url=params["url"],
        enabled_events=params["enabled_events"],
        secret=ctx.ids.secret("whsec"),
        api_version=params.get("api_version"),
        description=params.get("description"),
        metadata=merged_metadata({}, params.get("metadata")),
    )
    return {**endpoint.body, "secret": endpoint.private["secrets"][0]["secret"]}


def register(
    ctx: Context,
    *,
    url: str,
    enabled_events: Sequence[str],
    secret: str,
    api_version: str | None = None,
    description: str | None = None,
    metadata: Json | None = None,
) -> Document:
    """Add an endpoint with a secret of the caller's choosing."""
    if not enabled_events:
        raise missing_parameter("enabled_events")
    body: Json = {
        "id": ctx.ids.object("we"),
        "object": KIND,
        "api_version": api_version,
        "application": None,
        "created": ctx.timestamp,
        "description": description,
        "enabled_events": list(enabled_events),
        "livemode": False,
        "metadata": metadata or {},
        "status": "enabled",
        "url": web_address(url, "url"),
    }
    secrets = [{"secret": secret, "expires_at": None}]
    return ctx.storage.save(Document(KIND, body, {"secrets": secrets}))


def register_command_line(ctx: Context, url: str, secret: str) -> Document:
    """The endpoint named on the command line: one, however often the double is started."""
    known = ctx.storage.get(KIND, ctx.storage.setting("command_line_endpoint") or "")
    if known is None:
        known = register(ctx, url=url, enabled_events=["*"], secret=secret)
        ctx.storage.remember("command_line_endpoint", known.id)
    known.body["url"] = web_address(url, "url")
    known.private["secrets"] = [{"secret": secret, "expires_at": None}]
    return ctx.storage.save(known)


def roll_secret(ctx: Context, endpoint_id: str, overlap: float) -> str:
    """Give an endpoint a new secret; the old ones sign too for `overlap` more seconds."""
    endpoint = ctx.fetch(KIND, endpoint_id)
    secret = ctx.ids.secret("whsec")
    for entry in endpoint.private["secrets"]:
        ends = ctx.now + overlap
        entry["expires_at"] = min(entry["expires_at"] or ends, ends)
    endpoint.private["secrets"].insert(0, {"secret": secret, "expires_at": None})
    ctx.storage.save(endpoint)
    return secret


def retrieve(ctx: Context, endpoint_id: str, _params: Mapping[str, Any]) -> Json:
    """GET /v1/webhook_endpoints/{id}."""
    return ctx.fetch(KIND, endpoint_id).body


def list_endpoints(ctx: Context, params: Mapping[str, Any]) -> Json:
    """GET /v1/webhook_endpoints."""
    return lists.listing(ctx, KIND, params, url="/v1/webhook_endpoints", render=render)


def update(ctx: Context, endpoint_id: str, params: Mapping[str, Any]) -> Json:
    """POST /v1/webhook_endpoints/{id}."""
    endpoint = ctx.fetch(KIND, endpoint_id)
    body = endpoint.body
    if params.get("url") is not None:
        body["url"] = web_address(params["url"], "url")
    if params.get("enabled_events"):
        body["enabled_events"] = params["enabled_events"]
    if params.get("disabled") is not None:
        body["status"] = "disabled" if params["disabled"] else "enabled"
    if "description" in params:
        body["description"] = params["description"]
    if "metadata" in params:
        body["metadata"] = merged_metadata(body["metadata"], params["metadata"])
    ctx.storage.save(endpoint)
    return body


def delete(ctx: Context, endpoint_id: str, _params: Mapping[str, Any]) -> Json:
    """DELETE /v1/webhook_endpoints/{id}: pending deliveries to it end as failed."""
    endpoint = ctx.fetch(KIND, endpoint_id)
    ctx.storage.remove(endpoint)
    return {"id": endpoint.id, "object": KIND, "deleted": True}


def render(_ctx: Context, document: Document) -> Json:
    """The endpoint as the API shows it, without its secret."""
    return document.body
