"""GET /openapi.json and GET /docs: the description of the API, for programs and for people."""

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.api import answers
from holdfast.platform.observability import instrument

_SPECIFICATION = Path(__file__).with_name("openapi.json")
_PAGE = Path(__file__).with_name("docs.html")
_CACHE = {"cache-control": "public, max-age=300"}

app = APIGatewayHttpResolver()


@functools.cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@functools.cache
def _policy() -> str:
    """Only the page's own style and script, identified by their hashes, and its own origin."""
    hashes = {}
    for element in ("style", "script"):
        inside = re.findall(rf"<{element}>(.*?)</{element}>", _text(_PAGE), re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()) for each in inside]
        hashes[element] = " ".join(f"'sha256-{digest.decode()}'" for digest in digests)
    return (
        f"default-src 'none'; connect-src 'self'; img-src data:; style-src {hashes['style']};"
        f" script-src {hashes['script']}; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )


@app.get("/openapi.json", summary="Get the OpenAPI description")
def get_specification() -> Response[str]:
    """Answer the OpenAPI description."""
    return Response(200, "application/json", _text(_SPECIFICATION), _CACHE)


@app.get("/docs", summary="Get the reference page")
def get_docs() -> Response[str]:
    """Answer a page that shows it."""
    headers = {**_CACHE, "content-security-policy": _policy()}
    return Response(200, "text/html; charset=utf-8", _text(_PAGE), headers)


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer = answers.secured(app.resolve(answers.as_get(event), context))
    return answers.without_body(answer) if answers.asks_for_head(event) else answer
