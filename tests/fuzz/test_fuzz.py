"""The HTTP API against its own description, shorter than `make fuzz`."""

from collections.abc import Iterator

import pytest

from tests.fuzz.described import Fuzzer
from tests.fuzz.oddities import Oddity
from tests.fuzz.oracle import fault
from tests.fuzz.registry import Registry
from tests.fuzz.run import run
from tests.fuzz.wire import Reply, exchange, message
from tests.stack.running import Stack

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that only this module's requests use."""
    own = Stack(tmp_path_factory.mktemp("fuzz") / "local")
    try:
        yield own.up()
    finally:
        own.clear()


def test_every_answer_is_as_described(stack: Stack) -> None:
    """No fault of ours, no status, header or body that the description does not have.

    Requests of each operation use real ids, keys and secrets, or the test would prove nothing.

    Cases: P-11, P-12
    Proves: ASVS 1.2.3, 4.1.1, 16.5.3
    """
    result = run(stack, seed=7, seconds=0, examples=7, every=3, say=lambda _: None)

    assert result.wrong == [], "\n".join(result.lines())
    assert result.odd.total() > 400
    paths = stack.call("GET", "/openapi.json").body["paths"]
    operations = [f"{method.upper()} {path}" for path in paths for method in paths[path]]
    refused = [each for each in operations if result.described.share(each) < 0.2]
    assert refused == [], "\n".join(result.lines())


def test_a_wrong_description_is_noticed(stack: Stack) -> None:
    """The twin: without a status, type, header, code or field in the description, each is
    reported.
    """
    fuzzer = Fuzzer(Registry(stack, 1), examples=12)
    document = fuzzer.document
    document["paths"]["/v1/bookings/{booking_id}"]["get"]["responses"].pop("404")
    document["paths"]["/health"]["get"]["responses"]["200"]["content"] = {"text/plain": {}}
    del document["paths"]["/v1/holds/{hold_id}"]["delete"]["responses"]["200"]["headers"]
    document["components"]["schemas"]["Resource"]["properties"]["capacity"] = {"type": "string"}
    document["components"]["responses"]["NotFound"]["x-codes"] = []
    fuzzer.describe(document)
    signs = {
        "GET /v1/waitlist/{place_id}": ": 404 with a code that it does not have: not_found",
        "GET /v1/bookings/{booking_id}": ": 404",
        "GET /health": ": 200",
        "DELETE /v1/holds/{hold_id}": ": 200 has undescribed headers: ['etag', 'ratelimit'",
        "GET /v1/resources": ": 200",
    }
    for _ in fuzzer.rounds(1, 0, only=signs):
        pass

    found = "\n".join(fuzzer.findings.wrong)
    for operation, sign in signs.items():
        assert operation + sign in found, found


def test_an_accidental_answer_is_noticed(stack: Stack) -> None:
    """The twin for odd requests: accidental answers are distinguished from intended ones."""
    document = stack.call("GET", "/openapi.json").body
    sent = message("GET", "/v1/resources", [])
    oddity = Oddity("odd", "/v1/resources", sent)
    genuine = exchange(stack.manifest["api"], sent)
    assert (genuine.status, fault(document, oddity, genuine)) == (401, None)

    accidents = (
        Reply(0, [], b""),
        Reply(500, [("content-type", "application/json")], b'{"message":"Internal Server Error"}'),
        Reply(502, [], b""),
        Reply(409, genuine.headers, genuine.body),
        Reply(401, [("x-request-id", "other"), *genuine.headers[:1]], genuine.body),
        Reply(404, [("content-type", "text/html")], b"<h1>Not Found</h1>"),
        Reply(418, [("x-request-id", "a")], b"{}"),
    )
    assert all(fault(document, oddity, reply) for reply in accidents)

    head = Oddity("odd", "/v1/resources", message("HEAD", "/v1/resources", []))
    bodiless = exchange(stack.manifest["api"], head.sent)
    assert (bodiless.status, bodiless.body, fault(document, head, bodiless)) == (401, b"", None)
    accidents = (
        Reply(401, [("x-request-id", "a"), ("content-type", "text/html")], b""),
        Reply(418, bodiless.headers, b""),
        Reply(404, bodiless.headers, b""),  # no status of GET there
    )
    assert all(fault(document, head, reply) for reply in accidents)
