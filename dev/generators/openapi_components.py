"""Parts of the OpenAPI description that no model and no handler declares: headers, the webhook."""

from typing import Any

from holdfast.stripe.gateway import API_VERSION


def reference(schema: str) -> dict[str, str]:
    """A reference to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{schema}"}


SECURITY_SCHEMES: dict[str, Any] = {
    "publishableKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "pk_test_<tenant>_… or pk_live_<tenant>_…",
        "description": "For browsers: list, hold, pay. Reaches a booking only with its secret.",
    },
    "secretKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "sk_test_<tenant>_… or sk_live_<tenant>_…",
        "description": "For servers: everything in the tenant. Never put it into a page.",
    },
    "bookingSecret": {
        "type": "apiKey",
        "in": "header",
        "name": "Booking-Secret",
        "description": "The client_secret that came with the hold; opens that one booking.",
    },
}

PARAMETERS: dict[str, Any] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "A new random value, best a version 4 UUID, for each new request; the same"
        " one again for a repeat of it. It is worth as much as the answer. With a publishable key,"
        " that of a hold or a waitlist entry has at least 20 characters.",
        "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
        "example": "0f4c1f0e-6e1b-4c43-9a3e-1b7b2f1d5a77",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The ETag of the booking as it was read; refused with 412 if it has changed"
        " since.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "MustMatch": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag of what is changed as it was read; refused with 412 if it has"
        " changed since. * is any.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The ETag of an earlier answer; 304 if nothing has changed.",
        "schema": {"type": "string"},
        "example": '"4c1b9a3e0f4c1f0e6e1b4c439a3e1b7b"',
    },
}

HEADERS: dict[str, Any] = {
    "ETag": {
        "description": "Version of what was answered.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "RetryAfter": {
        "description": "Seconds after which to repeat the request with the same Idempotency-Key.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 2,
    },
    "RateLimit": {
        "description": "What is left of each limit that counts this caller: r requests in the next"
        " t seconds.",
        "schema": {"type": "string"},
        "example": '"hold";r=59;t=212',
    },
    "RateLimitPolicy": {
        "description": "The limits that count this caller: q requests in w seconds.",
        "schema": {"type": "string"},
        "example": '"hold";q=60;w=300',
    },
    "WWWAuthenticate": {
        "description": "The scheme of Authorization.",
        "schema": {"type": "string"},
        "example": "Bearer",
    },
    "XRequestId": {
        "description": "The request's id, also in the logs.",
        "schema": {"type": "string"},
        "example": "b7Kq3hJtIAMEVpA=",
    },
}

WEBHOOK: dict[str, Any] = {
    "operationId": "receiveStripeEvent",
    "summary": "Receive a Stripe event",
    "description": "Sent by Stripe to the webhook's own address (the output WebhookUrl), signed"
    " with the endpoint's secret. Register it for checkout.session.completed,"
    " checkout.session.async_payment_succeeded, checkout.session.async_payment_failed,"
    " checkout.session.expired, refund.created, refund.updated and refund.failed, with API version"
    f" {API_VERSION}. An event counts once, however often and in whatever order it comes; a"
    " business refusal is a 200 as well.",
    "security": [],
    "parameters": [
        {
            "name": "Stripe-Signature",
            "in": "header",
            "required": True,
            "description": "t=…,v1=…: HMAC of the raw body, at most 300 seconds old.",
            "schema": {"type": "string"},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": reference("StripeEvent")}},
    },
}

WEBHOOK_ANSWERS: dict[str, Any] = {
    "200": {
        "description": "Settled; the transaction has been committed.",
        "content": {"application/json": {"schema": reference("StripeEventReceipt")}},
    }
}

WEBHOOK_SCHEMAS: dict[str, Any] = {
    "StripeEvent": {
        "type": "object",
        "description": "An event as Stripe makes it; only what is looked at is described here.",
        "required": ["id", "type", "created", "api_version", "livemode", "data"],
        "properties": {
            "id": {
                "type": "string",
                "pattern": "^evt_[A-Za-z0-9_]{1,250}$",
                "examples": ["evt_1Qx2Yz3A4b5C6d7E"],
            },
            "type": {"type": "string", "examples": ["checkout.session.completed"]},
            "created": {"type": "integer", "description": "Seconds since 1970."},
            "api_version": {"const": API_VERSION},
            "livemode": {"type": "boolean"},
            "data": {
                "type": "object",
                "required": ["object"],
                "properties": {"object": {"type": "object"}},
            },
        },
    },
    "StripeEventReceipt": {
        "type": "object",
        "required": ["received", "result"],
        "properties": {
            "received": {"const": True},
            "result": {
                "type": "string",
                "examples": ["confirmed"],
                "description": "confirmed, released, refunding, pending, recorded, unchanged,"
                " duplicate, unknown or ignored.",
            },
        },
    },
}
