"""POST /v1/customers/export and POST /v1/customers/erasure: a customer's stored data.

The address is in the body: paths end in logs.
"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.customers import privacy
from holdfast.customers.models import CustomerExport, Erasure, ErasureRequest, ExportRequest
from holdfast.platform.observability import instrument

app = http.resolver()


@app.post("/v1/customers/export", summary="Everything held about a person")
def export_customer(request: ExportRequest) -> Response[CustomerExport]:
    """Answer 200 with the stored data; empty for an unknown customer. Secret key only."""
    http.idempotency_key(app)  # as for every POST; the result is the same without one
    return http.answer(privacy.export(http.actor(app), request))


@app.post("/v1/customers/erasure", summary="Forget a person")
def erase_customer(request: ErasureRequest) -> Response[Erasure]:
    """Answer 200 once no name is left, 409 with the obstacles. Secret key only."""
    http.idempotency_key(app)  # as for every POST; erasing twice is erasing once without it, too
    return http.answer(privacy.erase(http.actor(app), request))


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
