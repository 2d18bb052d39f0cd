"""The endpoints under /v1: which function answers, and which parameters it takes."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from dev.stripe_double import (
    accounts,
    balance,
    capturing,
    charges,
    events,
    lists,
    payments,
    refunds,
    sessions,
    webhook_endpoints,
)
from dev.stripe_double.context import Context
from dev.stripe_double.messages import ApiError, Json, Request

Endpoint = Callable[..., Json]


@dataclass(frozen=True)
class Route:
    """One endpoint. `params` names the SDK's TypedDict, as `parameters.check` reads it."""

    method: str
    pattern: re.Pattern[str]
    endpoint: Endpoint
    params: str


def _route(method: str, path: str, endpoint: Endpoint, params: str) -> Route:
    return Route(
        method, re.compile("/v1/" + path.replace("{}", "([A-Za-z0-9_]+)")), endpoint, params
    )


ROUTES = (
    _route(
        "POST",
        "checkout/sessions",
        sessions.create,
        "checkout._session_create_params:SessionCreateParams",
    ),
    _route(
        "GET",
        "checkout/sessions",
        sessions.list_sessions,
        "checkout._session_list_params:SessionListParams",
    ),
    _route(
        "GET",
        "checkout/sessions/{}",
        sessions.retrieve,
        "checkout._session_retrieve_params:SessionRetrieveParams",
    ),
    _route(
        "POST",
        "checkout/sessions/{}/expire",
        sessions.expire,
        "checkout._session_expire_params:SessionExpireParams",
    ),
    _route(
        "GET",
        "checkout/sessions/{}/line_items",
        sessions.list_line_items,
        "checkout._session_line_item_list_params:SessionLineItemListParams",
    ),
    _route(
        "GET",
        "payment_intents",
        payments.list_intents,
        "_payment_intent_list_params:PaymentIntentListParams",
    ),
    _route(
        "GET",
        "payment_intents/{}",
        payments.retrieve,
        "_payment_intent_retrieve_params:PaymentIntentRetrieveParams",
    ),
    _route(
        "POST",
        "payment_intents/{}/capture",
        capturing.capture,
        "_payment_intent_capture_params:PaymentIntentCaptureParams",
    ),
    _route(
        "POST",
        "payment_intents/{}/cancel",
        capturing.cancel,
        "_payment_intent_cancel_params:PaymentIntentCancelParams",
    ),
    _route("GET", "charges", charges.list_charges, "_charge_list_params:ChargeListParams"),
    _route("GET", "charges/{}", charges.retrieve, "_charge_retrieve_params:ChargeRetrieveParams"),
    _route(
        "GET",
        "payment_methods/{}",
        charges.retrieve_payment_method,
        "_payment_method_retrieve_params:PaymentMethodRetrieveParams",
    ),
    _route("POST", "refunds", refunds.create, "_refund_create_params:RefundCreateParams"),
    _route("GET", "refunds", refunds.list_refunds, "_refund_list_params:RefundListParams"),
    _route("GET", "refunds/{}", refunds.retrieve, "_refund_retrieve_params:RefundRetrieveParams"),
    _route("POST", "refunds/{}", refunds.update, "_refund_update_params:RefundUpdateParams"),
    _route("GET", "events", events.list_events, "_event_list_params:EventListParams"),
    _route("GET", "events/{}", events.retrieve, "_event_retrieve_params:EventRetrieveParams"),
    _route(
        "POST",
        "webhook_endpoints",
        webhook_endpoints.create,
        "_webhook_endpoint_create_params:WebhookEndpointCreateParams",
    ),
    _route(
        "GET",
        "webhook_endpoints",
        webhook_endpoints.list_endpoints,
        "_webhook_endpoint_list_params:WebhookEndpointListParams",
    ),
    _route(
        "GET",
        "webhook_endpoints/{}",
        webhook_endpoints.retrieve,
        "_webhook_endpoint_retrieve_params:WebhookEndpointRetrieveParams",
    ),
    _route(
        "POST",
        "webhook_endpoints/{}",
        webhook_endpoints.update,
        "_webhook_endpoint_update_params:WebhookEndpointUpdateParams",
    ),
    _route(
        "DELETE",
        "webhook_endpoints/{}",
        webhook_endpoints.delete,
        "_webhook_endpoint_delete_params:WebhookEndpointDeleteParams",
    ),
    _route(
        "GET",
        "balance_transactions",
        balance.list_transactions,
        "_balance_transaction_list_params:BalanceTransactionListParams",
    ),
    _route(
        "GET",
        "balance_transactions/{}",
        balance.retrieve,
        "_balance_transaction_retrieve_params:BalanceTransactionRetrieveParams",
    ),
    _route(
        "GET",
        "account",
        accounts.current,
        "_account_retrieve_current_params:AccountRetrieveCurrentParams",
    ),
    _route(
        "GET", "accounts/{}", accounts.retrieve, "_account_retrieve_params:AccountRetrieveParams"
    ),
)


def find(request: Request) -> tuple[Route, tuple[str, ...]]:
    """Answer the endpoint and the ids in the path. Raises ApiError (404) if there is none."""
    for route in ROUTES:
        match = route.pattern.fullmatch(request.route)
        if match and route.method == request.method:
            return route, match.groups()
    raise ApiError(
        f"Unrecognized request URL ({request.method}: {request.route}). If you are trying to list"
        " objects, remove the trailing slash. If you are trying to retrieve an object, make sure"
        " you passed a valid (non-empty) identifier in your code. Please see"
        " https://stripe.com/docs or we can help at https://support.stripe.com/.",
        status=404,
        validation=True,
    )


def show(ctx: Context, kind: str, object_id: str) -> Json | None:
    """Any object as the API shows it, or None."""
    document = ctx.storage.get(kind, object_id)
    if document is None:
        return None
    return balance.render(ctx, document) if kind == "balance_transaction" else document.body


def include(ctx: Context, object_id: str, field: str) -> Json | None:
    """Fields that objects have only when asked: a session's line_items, a charge's refunds."""
    if object_id.startswith("cs_"):
        return sessions.included(ctx, object_id, field)
    if object_id.startswith(("ch_", "py_")) and field == "refunds":
        page = ctx.storage.find("refund", where={"charge": object_id}, limit=lists.DEFAULT_LIMIT)
        data = [document.body for document in page.documents]
        return lists.envelope(f"/v1/charges/{object_id}/refunds", data, has_more=page.has_more)
    return None
