"""GET /health: does the database answer, and do the clocks agree?"""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import http
from holdfast.platform import health
from holdfast.platform.observability import instrument
from holdfast.platform.problem_models import Health

app = http.resolver()


@app.get("/health", summary="Check health")
def get_health() -> Response[Health]:
    """Answer 200 with the schema's version and the clock skew, or 503."""
    return http.answer(health.check())


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return http.respond(app, event, context)
