"""Which route of an HTTP API answers a request, and what the API itself adds for CORS.

Source: the API Gateway developer guide, "Create routes for HTTP APIs" (precedence) and "Configure
CORS for HTTP APIs".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from dev.cloudformation.template import Cors, Route
from dev.stack.http_message import Request, Response

# how well one segment matches: literally, as {name}, as {name+}, or not at all ($default)
_LITERAL, _VARIABLE, _GREEDY, _DEFAULT = range(4)


@dataclass(frozen=True, slots=True)
class Match:
    """The route that won and its path parameters, decoded."""

    route: Route
    parameters: dict[str, str]


class Routes:
    """The routes of an HTTP API, the most specific first."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = sorted(
            ((_segments(route.path), route) for route in routes),
            key=lambda entry: ([kind for kind, _ in entry[0]], entry[1].method == "ANY"),
        )

    def match(self, method: str, path: str) -> Match | None:
        """The most specific route for a method and a percent-encoded path.

        A path that exists for another method only is no match: an HTTP API answers 404, not 405.
        """
        segments = path.split("/")[1:]
        for pattern, route in self._routes:
            if route.method in (method, "ANY"):
                parameters = _parameters(pattern, segments)
                if parameters is not None:
                    return Match(route, parameters)
        return None


def _segments(path: str) -> list[tuple[int, str]]:
    if path == "$default":
        return [(_DEFAULT, "")]
    parts: list[tuple[int, str]] = []
    for part in path.split("/")[1:]:
        if part.startswith("{") and part.endswith("+}"):
            parts.append((_GREEDY, part[1:-2]))
        elif part.startswith("{") and part.endswith("}"):
            parts.append((_VARIABLE, part[1:-1]))
        else:
            parts.append((_LITERAL, part))
    return parts


def _parameters(pattern: list[tuple[int, str]], segments: list[str]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for position, (kind, name) in enumerate(pattern):
        if kind == _DEFAULT:
            return found
        rest = segments[position:]
        if not rest or (kind != _LITERAL and not rest[0]):
            return None
        if kind == _GREEDY:  # always the last segment of a route
            return found | {name: unquote("/".join(rest))}
        if kind == _VARIABLE:
            found[name] = unquote(rest[0])
        elif unquote(rest[0]) != name:
            return None
    return found if len(segments) == len(pattern) else None


def is_preflight(request: Request) -> bool:
    """Whether a browser asks what it may do (Fetch standard, "CORS-preflight request")."""
    return (
        request.method == "OPTIONS"
        and request.header("origin") is not None
        and request.header("access-control-request-method") is not None
    )


def preflight(cors: Cors, request: Request) -> Response:
    """The API's own answer to OPTIONS; no function sees it."""
    origin = _allowed(cors, request.header("origin"))
    if origin is None or not is_preflight(request):
        return Response(204)
    headers = [("access-control-allow-origin", origin)]
    if cors.allow_methods:
        headers.append(("access-control-allow-methods", ",".join(cors.allow_methods)))
    if cors.allow_headers:
        headers.append(("access-control-allow-headers", ",".join(cors.allow_headers)))
    if cors.expose_headers:
        headers.append(("access-control-expose-headers", ",".join(cors.expose_headers)))
    if cors.max_age is not None:
        headers.append(("access-control-max-age", str(cors.max_age)))
    if cors.allow_credentials:
        headers.append(("access-control-allow-credentials", "true"))
    return Response(204, headers)


def with_cors(cors: Cors, request: Request, response: Response) -> Response:
    """The response with the API's CORS headers; those of the function are overridden."""
    headers = [
        (name, value)
        for name, value in response.headers
        if not name.lower().startswith("access-control-")
    ]
    origin = _allowed(cors, request.header("origin"))
    if origin is not None:
        headers.append(("access-control-allow-origin", origin))
        if cors.expose_headers:
            headers.append(("access-control-expose-headers", ",".join(cors.expose_headers)))
        if cors.allow_credentials:
            headers.append(("access-control-allow-credentials", "true"))
    return Response(response.status, headers, response.body)


def _allowed(cors: Cors, origin: str | None) -> str | None:
    """What to say to a page of that origin; None if it may not call the API."""
    if origin is None:
        return None
    if "*" in cors.allow_origins and not cors.allow_credentials:
        return "*"
    for allowed in cors.allow_origins:
        scheme_only = allowed in ("*", "http://*", "https://*")
        if origin == allowed or (scheme_only and origin.startswith(allowed[:-1])):
            return origin
    return None
