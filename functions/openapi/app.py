"""GET /openapi.json and GET /docs: the API described, for programs and for people."""

import functools
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.observability import instrument

_SPECIFICATION = Path(__file__).with_name("openapi.json")
_PAGE = Path(__file__).with_name("docs.html")
_CACHE = {"cache-control": "public, max-age=300"}

app = APIGatewayHttpResolver()


@functools.cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@app.get("/openapi.json")
def get_specification() -> Response[str]:
    """Answer the OpenAPI description."""
    return Response(200, "application/json", _text(_SPECIFICATION), _CACHE)


@app.get("/docs")
def get_docs() -> Response[str]:
    """Answer a page that shows it."""
    headers = {
        **_CACHE,
        "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
        "script-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    }
    return Response(200, "text/html; charset=utf-8", _text(_PAGE), headers)


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer: dict[str, Any] = app.resolve(event, context)
    return answer
