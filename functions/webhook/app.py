"""Stripe's webhook, on a function URL. The signature is checked before anything else happens."""

import json
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import answers, http
from holdfast.payments import webhooks
from holdfast.platform import errors
from holdfast.platform.observability import count, fault, instrument


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Answer Stripe."""
    return answers.secured(_answered(event))


def _answered(event: dict[str, Any]) -> dict[str, Any]:
    """Answer 2xx once the event is settled, 4xx if it is not for us, 5xx to have it repeated."""
    try:
        result = webhooks.receive(
            http.raw_body(event), event["headers"].get("stripe-signature", "")
        )
    except errors.HoldfastError as error:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            count("WebhookFailed")
        return http.rendered(error, event["requestContext"]["requestId"])
    except Exception as error:
        fault("event not settled", error)
        count("WebhookFailed")
        return http.rendered(errors.InternalError(), event["requestContext"]["requestId"])
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"received": True, "result": result}),
    }
