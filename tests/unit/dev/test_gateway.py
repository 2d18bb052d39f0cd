"""What a client gets from the HTTP API, a function URL and Invoke, whatever the function does."""

import asyncio
import dataclasses
import http.client
import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dev.cloudformation.template import Cors, Route
from dev.stack import gateway as doors
from dev.stack import lambda_api
from dev.stack.gateway import API_LIMITS, URL_LIMITS, Gateway
from dev.stack.http_message import Request, Response
from dev.stack.http_server import Server
from dev.stack.lambda_api import LambdaApi
from dev.stack.runtime_api import listen
from dev.stack.static import Pages

from .conftest import Toy

CODE = """
    import os, time
    def lambda_handler(event, context):
        how = (event.get("queryStringParameters") or {}).get("how")
        if how == "crash":
            os._exit(1)
        if how == "raise":
            raise ValueError("secret detail")
        if how == "hang":
            time.sleep(30)
        if how == "bad":
            return {"statusCode": "none"}
        return {
            "statusCode": 200,
            "headers": {"access-control-allow-origin": "https://mine.example"},
            "body": event.get("body", "") or event["rawPath"],
            "isBase64Encoded": event["isBase64Encoded"],
        }
"""


@dataclasses.dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


@dataclasses.dataclass
class World:
    """Open doors, by name, and the console's output."""

    ports: dict[str, int]
    toy: Toy

    async def ask(
        self, door: str, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> Answer:
        """Send a request as an ordinary client would."""

        def blocking() -> Answer:
            connection = http.client.HTTPConnection("127.0.0.1", self.ports[door], timeout=20)
            try:
                names = {name.replace("_", "-"): value for name, value in headers.items()}
                connection.request(method, path, body, names)
                answer = connection.getresponse()
                fields = {name.lower(): value for name, value in answer.getheaders()}
                return Answer(answer.status, fields, answer.read())
            finally:
                connection.close()

        return await asyncio.to_thread(blocking)


Tell = Callable[[Callable[[World], Awaitable[None]]], None]


@pytest.fixture
def tell(toy: Toy, tmp_path: Path) -> Tell:
    """Runs a story with all doors open before one toy function."""
    function = toy.add("echo", CODE, timeout=1, limit=1)
    toy.add("broken", "import nothing_of_that_name\n")
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<h1>Book</h1>")
    (web / "assets" / "app.js").write_text("1;")
    (web / ".hidden").write_text("no")
    (tmp_path / "outside.txt").write_text("no")
    (web / "link.txt").symlink_to(tmp_path / "outside.txt")
    template = toy.template(
        routes=(
            Route("POST", "/v1/echo/{id}", function.logical_id),
            Route("GET", "/v1/echo/{id}", function.logical_id),
            Route("GET", "/v1/broken", "BrokenFunction"),
        ),
        cors=Cors(allow_origins=("*",), allow_methods=("GET",)),
    )

    def run(story: Callable[[World], Awaitable[None]]) -> None:
        async def told(toy: Toy) -> None:
            gateway = Gateway(template, toy.pools, toy.console, Pages(web))
            lambdas = LambdaApi(template, toy.pools)

            async def api(request: Request) -> Response:
                return await gateway.serve_api(request, 8080)

            async def url(request: Request) -> Response:
                return await gateway.serve_url(function, request, 8081)

            servers = {
                "api": Server(api, listen(), limits=API_LIMITS),
                "url": Server(url, listen(), limits=URL_LIMITS),
                "control": Server(
                    lambdas.serve,
                    listen(),
                    limits=lambda_api.LIMITS,
                    refusal=lambda_api.refusal,
                ),
            }
            for server in servers.values():
                await server.start()
            try:
                await story(World({name: each.port for name, each in servers.items()}, toy))
            finally:
                await asyncio.gather(*(server.stop() for server in servers.values()))

        toy.run(told)

    return run


def test_a_request_reaches_its_function(tell: Tell) -> None:
    """The body goes there and back, and the answer has the request's id."""

    async def story(world: World) -> None:
        answer = await world.ask(
            "api", "POST", "/v1/echo/7", b'{"a":1}', content_type="application/json"
        )

        assert (answer.status, answer.json()) == (200, {"a": 1})
        assert len(answer.headers["apigw-requestid"]) == 16

    tell(story)


def test_bytes_survive_both_doors(tell: Tell) -> None:
    """A binary body arrives base64-encoded and leaves as it came."""

    async def story(world: World) -> None:
        for door in ("api", "url"):
            answer = await world.ask(door, "POST", "/v1/echo/7", bytes(range(256)))

            assert answer.body == bytes(range(256))

    tell(story)


def test_the_apis_own_answers(tell: Tell) -> None:
    """Unknown routes, failures and timeouts get API Gateway's own texts."""

    async def story(world: World) -> None:
        for method, path, status, message in [
            ("GET", "/v1/nowhere", 404, "Not Found"),
            ("PUT", "/v1/echo/7", 404, "Not Found"),
            ("GET", "/v1/echo/7?how=raise", 500, "Internal Server Error"),
            ("GET", "/v1/echo/7?how=crash", 500, "Internal Server Error"),
            ("GET", "/v1/echo/7?how=hang", 500, "Internal Server Error"),
            ("GET", "/v1/echo/7?how=bad", 500, "Internal Server Error"),
            ("GET", "/v1/broken", 500, "Internal Server Error"),
        ]:
            answer = await world.ask("api", method, path)

            assert (answer.status, answer.json()) == (status, {"message": message}), path

    tell(story)


def test_a_function_urls_own_answers(tell: Tell) -> None:
    """Any failure of the function is a 502."""

    async def story(world: World) -> None:
        for how in ("raise", "crash", "hang", "bad"):
            answer = await world.ask("url", "POST", f"/?how={how}")

            assert answer.status == 502, how
            assert b"secret detail" not in answer.body

    tell(story)


def test_integration_timeout(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API waits 30 s, here less, and then answers 503; the function keeps running."""
    monkeypatch.setattr(doors, "_API", dataclasses.replace(doors._API, seconds=0.3))

    async def story(world: World) -> None:
        await world.ask(
            "control", "POST", "/2015-03-31/functions/echo/invocations", b'{"rawPath":1}'
        )
        answer = await world.ask("api", "GET", "/v1/echo/7?how=hang")

        assert (answer.status, answer.json()) == (503, {"message": "Service Unavailable"})

    tell(story)


def test_size_limits(tell: Tell) -> None:
    """10 MB at the API and 6 MB at the function behind it; 6 MB at a function URL."""

    async def story(world: World) -> None:
        text = {"content_type": "text/plain"}
        for door, size, status in [
            ("api", 1_000_000, 200),
            ("api", 7_000_000, 413),
            ("api", 11_000_000, 413),
            ("url", 7_000_000, 413),
        ]:
            answer = await world.ask(door, "POST", "/v1/echo/7", b"x" * size, **text)

            assert answer.status == status, (door, size)
        assert (await world.ask("api", "GET", "/v1/echo/7", x="y" * 11_000)).status == 431

    tell(story)


def test_cors(tell: Tell) -> None:
    """Preflights never reach a function; the API's headers override the function's.

    Proves: ASVS 3.4.2
    """

    async def story(world: World) -> None:
        origin = {"origin": "https://shop.example"}
        asked = {**origin, "access_control_request_method": "GET"}
        preflight = await world.ask("api", "OPTIONS", "/v1/echo/7", None, **asked)
        answer = await world.ask("api", "GET", "/v1/echo/7", None, **origin)
        missing = await world.ask("api", "GET", "/v1/nowhere", None, **origin)
        plain = await world.ask("url", "GET", "/", None, **origin)

        assert (preflight.status, preflight.body) == (204, b"")
        assert preflight.headers["access-control-allow-methods"] == "GET"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert missing.headers["access-control-allow-origin"] == "*"
        assert plain.headers["access-control-allow-origin"] == "https://mine.example"

    tell(story)


def test_pages(tell: Tell) -> None:
    """Files of web/ are served where no route matches, and nothing outside of it."""

    async def story(world: World) -> None:
        page = await world.ask("api", "GET", "/")
        script = await world.ask("api", "GET", "/assets/app.js")
        cached = await world.ask("api", "GET", "/", if_none_match=page.headers["etag"])
        head = await world.ask("api", "HEAD", "/")

        assert (page.status, page.body) == (200, b"<h1>Book</h1>")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "javascript" in script.headers["content-type"]
        assert (cached.status, cached.body) == (304, b"")
        assert (head.headers["content-length"], head.body) == ("13", b"")
        for method, path in [
            ("POST", "/"),
            ("GET", "/assets"),
            ("GET", "/.hidden"),
            ("GET", "/../outside.txt"),
            ("GET", "/%2e%2e/outside.txt"),
            ("GET", "/..%2foutside.txt"),
            ("GET", "/assets/..%5c..%5coutside.txt"),
            ("GET", "/link.txt"),
            ("GET", "/a%00b"),
            ("GET", "/%ff"),
        ]:
            assert (await world.ask("api", method, path)).status == 404, path

    tell(story)


def test_the_log_names_no_values(tell: Tell) -> None:
    """One line for a request: no query values, no credentials, no control characters.

    Proves: ASVS 14.2.1, 16.4.1
    """

    async def story(world: World) -> None:
        await world.ask(
            "api", "GET", "/v1/echo/%1b7?email=a@b.c&x=1", authorization="Bearer sk_test_x"
        )
        said = world.toy.said.getvalue()

        assert "GET     /v1/echo/%1b7?email=…&x=…" in said
        assert "echo" in said.splitlines()[-1]
        for secret in ("a@b.c", "sk_test_x", "\x1b"):
            assert secret not in said

    tell(story)


def test_invoke(tell: Tell) -> None:
    """Lambda's Invoke runs a function by logical id, folder or ARN."""

    async def story(world: World) -> None:
        event = json.dumps({"rawPath": "/x", "isBase64Encoded": False}).encode()
        for name in (
            "EchoFunction",
            "echo",
            "arn%3Aaws%3Alambda%3Aus-east-1%3A0%3Afunction%3Aecho",
        ):
            path = f"/2015-03-31/functions/{name}/invocations"
            answer = await world.ask("control", "POST", path, event)

            assert (answer.status, answer.json()["body"]) == (200, "/x")
            assert "x-amz-function-error" not in answer.headers

    tell(story)


def test_invoke_reports_failures(tell: Tell) -> None:
    """A failed function is a 200 with an error header; a refused call has Lambda's error code."""

    async def story(world: World) -> None:
        path = "/2015-03-31/functions/echo/invocations"
        failed = await world.ask("control", "POST", path, b"{}")

        assert (failed.status, failed.headers["x-amz-function-error"]) == (200, "Unhandled")
        assert failed.json()["errorType"] == "KeyError"
        for method, where, body, headers, status, code in [
            ("POST", path.replace("echo", "x"), b"{}", {}, 404, "ResourceNotFoundException"),
            ("POST", path, b"{", {}, 400, "InvalidRequestContentException"),
            ("POST", path, b"x" * 7_000_000, {}, 413, "RequestTooLargeException"),
            ("GET", path, None, {}, 404, "UnknownOperationException"),
            ("POST", "/x", b"{}", {}, 404, "UnknownOperationException"),
            ("POST", path, b"{}", {"origin": "https://x"}, 403, "AccessDeniedException"),
        ]:
            answer = await world.ask("control", method, where, body, **headers)

            assert (answer.status, answer.headers["x-amzn-errortype"]) == (status, code)

    tell(story)


def test_invoke_can_be_asynchronous(tell: Tell) -> None:
    """An Event is accepted at once and run; a DryRun runs nothing."""

    async def story(world: World) -> None:
        send = partial(
            world.ask, "control", "POST", "/2015-03-31/functions/echo/invocations", b"{}"
        )
        queued = await send(x_amz_invocation_type="Event")
        dry = await send(x_amz_invocation_type="DryRun")

        assert (queued.status, dry.status) == (202, 204)
        async with asyncio.timeout(20):
            while "KeyError" not in world.toy.said.getvalue():
                await asyncio.sleep(0.02)

    tell(story)
