"""The HTTP API against its own description, shorter than `make fuzz`."""

from collections.abc import Iterator

import pytest

from tests.fuzz.described import Fuzzer
from tests.fuzz.judge import fault
from tests.fuzz.oddities import Oddity
from tests.fuzz.purse import Purse
from tests.fuzz.run import run
from tests.fuzz.wire import Reply, exchange, message
from tests.stack.running import Stack

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that only this module's requests meet."""
    own = Stack(tmp_path_factory.mktemp("fuzz") / "local")
    try:
        yield own.up()
    finally:
        own.clear()


# What gets real ids, times and customers put in. The other operations (catalogue, calendars,
# waitlist, moves) are asked as they are made up: no fault and no surprise, but mostly refused.
FURNISHED = (
    "GET /health",
    "GET /openapi.json",
    "GET /v1/bookings",
    "GET /v1/bookings/{booking_id}",
    "GET /v1/bookings/{booking_id}/confirmation",
    "GET /v1/resources",
    "GET /v1/resources/{resource_id}/slots",
    "POST /v1/bookings/{booking_id}/checkout",
    "POST /v1/holds",
    "DELETE /v1/holds/{hold_id}",
)


def test_every_answer_is_as_described(stack: Stack) -> None:
    """No fault of ours, no status, header or body that the description does not have.

    Most requests meet real ids, keys and secrets, or the test would prove nothing.

    Cases: P-11, P-12
    """
    result = run(stack, seed=7, seconds=12, every=3, say=lambda _: None)

    assert result.wrong == [], "\n".join(result.lines())
    assert result.odd.total() > 400
    for operation in FURNISHED:
        allowed = result.described.statuses[operation, "positive"]
        fine = sum(n for status, n in allowed.items() if status < 400)
        assert fine / allowed.total() > 0.2, "\n".join(result.lines())


def test_a_wrong_description_is_noticed(stack: Stack) -> None:
    """The twin: take a status, type, header or field from the description, and each is missed."""
    fuzzer = Fuzzer(Purse(stack, 1))
    document = fuzzer.document
    document["paths"]["/v1/bookings/{booking_id}"]["get"]["responses"].pop("404")
    document["paths"]["/health"]["get"]["responses"]["200"]["content"] = {"text/plain": {}}
    del document["paths"]["/v1/holds/{hold_id}"]["delete"]["responses"]["200"]["headers"]
    document["components"]["schemas"]["Resource"]["properties"]["capacity"] = {"type": "string"}
    fuzzer.describe(document)
    for _ in fuzzer.rounds(1, 0):
        pass

    found = "\n".join(fuzzer.findings.wrong)
    for sign in (
        "GET /v1/bookings/{booking_id}: 404",
        "GET /health: 200",
        "DELETE /v1/holds/{hold_id}: 200 has headers nobody described: ['etag']",
        "GET /v1/resources: 200",
    ):
        assert sign in found, found


def test_an_accidental_answer_is_noticed(stack: Stack) -> None:
    """The twin for odd requests: what nobody wrote on purpose is told from what somebody did."""
    document = Fuzzer(Purse(stack, 1)).document
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
