"""POST /v1/customers/export and POST /v1/customers/erasure: what is held about a person.

The address stands in the body: paths end in logs.
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
    """Answer 200 with what is held; empty for an unknown person. Secret key only."""
    http.idempotency_key(app)  # as every POST; what comes of it is the same without one
    return http.answer(privacy.export(http.actor(app), request))


@app.post("/v1/customers/erasure", summary="Forget a person")
def erase_customer(request: ErasureRequest) -> Response[Erasure]:
    """Answer 200 once no name is left, 409 with what is in the way. Secret key only."""
    http.idempotency_key(app)  # as every POST; erasing twice is erasing once without it, too
    return http.answer(privacy.erase(http.actor(app), request))


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
