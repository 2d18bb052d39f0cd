"""Which function a request reaches, and what a browser may do."""

import pytest

from dev.cloudformation.template import Cors, Route
from dev.stack.http_message import Request, Response
from dev.stack.routes import Routes, preflight, with_cors

ROUTES = [
    Route("ANY", "/{proxy+}", "proxy"),
    Route("GET", "/pets/{proxy+}", "pets"),
    Route("GET", "/pets/dog/{id}", "dog"),
    Route("GET", "/pets/dog/1", "first"),
    Route("ANY", "/pets/dog/1", "any-first"),
    Route("ANY", "$default", "default"),
]


@pytest.mark.parametrize(
    ("method", "path", "function", "parameters"),
    [
        ("GET", "/pets/dog/1", "first", {}),
        ("POST", "/pets/dog/1", "any-first", {}),
        ("GET", "/pets/dog/2", "dog", {"id": "2"}),
        ("GET", "/pets/dog/a%2Fb%20c", "dog", {"id": "a/b c"}),
        ("GET", "/pets/cat/1", "pets", {"proxy": "cat/1"}),
        ("POST", "/pets/dog/2", "proxy", {"proxy": "pets/dog/2"}),
        ("GET", "/test/5", "proxy", {"proxy": "test/5"}),
        ("GET", "/", "default", {}),
    ],
)
def test_the_most_specific_route_wins(
    method: str, path: str, function: str, parameters: dict[str, str]
) -> None:
    """The example of the developer guide, whatever order the routes are declared in."""
    for routes in (ROUTES, ROUTES[::-1]):
        match = Routes(routes).match(method, path)

        assert match is not None
        assert (match.route.function, match.parameters) == (function, parameters)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/slots"),
        ("HEAD", "/v1/slots"),
        ("GET", "/v1/slots/"),
        ("GET", "/v1//slots"),
        ("GET", "/v1/holds/"),
        ("GET", "/V1/slots"),
        ("GET", "/"),
    ],
)
def test_no_route_no_match(method: str, path: str) -> None:
    """Another method, a trailing slash, an empty segment or another case does not match."""
    routes = Routes([Route("GET", "/v1/slots", "f"), Route("GET", "/v1/holds/{id}", "g")])

    assert routes.match(method, path) is None


CORS = Cors(
    allow_origins=("https://shop.example",),
    allow_methods=("GET", "POST"),
    allow_headers=("authorization",),
    expose_headers=("etag",),
    max_age=600,
)


def asked(method: str, *headers: tuple[str, str]) -> Request:
    """A request of a browser."""
    return Request(method, "/v1/slots", "", [("host", "h"), *headers], b"", "127.0.0.1")


PREFLIGHT = ("access-control-request-method", "POST")


def test_a_preflight_is_answered_by_the_api() -> None:
    """An allowed origin gets the allowed methods and headers, with 204."""
    answer = preflight(CORS, asked("OPTIONS", ("origin", "https://shop.example"), PREFLIGHT))

    assert answer.status == 204
    assert dict(answer.headers) == {
        "access-control-allow-origin": "https://shop.example",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "authorization",
        "access-control-expose-headers": "etag",
        "access-control-max-age": "600",
    }


@pytest.mark.parametrize(
    "headers",
    [
        [("origin", "https://evil.example"), PREFLIGHT],
        [("origin", "https://shop.example")],
        [PREFLIGHT],
        [],
    ],
)
def test_other_options_are_empty(headers: list[tuple[str, str]]) -> None:
    """Another origin, or a request that is no preflight, gets no such headers."""
    assert preflight(CORS, asked("OPTIONS", *headers)) == Response(204)


def test_headers_of_the_function_are_overridden() -> None:
    """With CORS configured, only the API's own headers count, also on errors."""
    answer = Response(404, [("Access-Control-Allow-Origin", "*"), ("etag", "1")])

    made = with_cors(CORS, asked("GET", ("origin", "https://shop.example")), answer)
    foreign = with_cors(CORS, asked("GET", ("origin", "https://evil.example")), answer)

    assert dict(made.headers) == {
        "etag": "1",
        "access-control-allow-origin": "https://shop.example",
        "access-control-expose-headers": "etag",
    }
    assert foreign.headers == [("etag", "1")]


def test_any_origin() -> None:
    """`*` is answered as `*`, and as the origin itself where credentials are allowed."""
    request = asked("GET", ("origin", "https://a.example"))

    plain = with_cors(Cors(allow_origins=("*",)), request, Response(200))
    personal = with_cors(
        Cors(allow_origins=("https://*",), allow_credentials=True), request, Response(200)
    )

    assert plain.headers == [("access-control-allow-origin", "*")]
    assert personal.headers == [
        ("access-control-allow-origin", "https://a.example"),
        ("access-control-allow-credentials", "true"),
    ]
