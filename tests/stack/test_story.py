"""The story of the README, over real sockets: hold, pay, confirmed; or unpaid, and free again."""

import time
import uuid
from typing import Any

import psycopg
import pytest

from tests.stack.conftest import StartStack
from tests.stack.running import Stack, send

pytestmark = pytest.mark.stack

RETURN = {"success_url": "https://studio.example/ok", "cancel_url": "https://studio.example/no"}


def confirmed(stack: Stack, booking: dict[str, Any]) -> dict[str, Any]:
    """Ask for the confirmation as a page would, until it is decided."""
    deadline = time.monotonic() + 30
    while True:
        answer = stack.call(
            "GET",
            f"/v1/bookings/{booking['id']}/confirmation",
            booking_secret=booking["client_secret"],
        )
        assert answer.status == 200, answer
        assert time.monotonic() < deadline, answer
        if answer.body["status"] != "processing":
            found: dict[str, Any] = answer.body
            return found
        time.sleep(0.1)


@pytest.mark.today
def test_a_time_is_held_paid_and_confirmed(stack: Stack) -> None:
    """A customer books; another is refused that time; both see the true state."""
    slot = stack.slots()[0]
    key = str(uuid.uuid4())

    held = stack.hold(slot, idempotency_key=key)
    again = stack.hold(slot, idempotency_key=key)
    refused = stack.hold(slot)
    assert (held.status, again.status, refused.status) == (201, 201, 409)
    assert again.body == held.body
    assert refused.body["code"] == "slot_taken"
    booking = held.body

    checkout = stack.call(
        "POST",
        f"/v1/bookings/{booking['id']}/checkout",
        RETURN,
        booking_secret=booking["client_secret"],
    )
    assert checkout.status == 200, checkout
    page = send("GET", checkout.body["checkout_url"])
    assert (page.status, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    paid = send("POST", checkout.body["checkout_url"], b"action=pay&card_number=4242424242424242")
    assert paid.status == 303, paid

    assert confirmed(stack, booking)["status"] == "confirmed"
    assert slot["starts_at"] not in {each["starts_at"] for each in stack.slots()}
    listed = stack.call(
        "GET", "/v1/bookings", authorization=f"Bearer {stack.manifest['secret_key']}"
    )
    assert booking["id"] in str(listed.body)


def test_an_unpaid_time_is_free_again(new_stack: StartStack) -> None:
    """Released by the customer it is free at once; otherwise when the hold expires."""
    stack = new_stack().up()
    first, second = stack.slots()[0], stack.slots()[-1]
    released = stack.hold(first).body
    left = stack.hold(second).body
    starts = {first["starts_at"], second["starts_at"]}
    assert not starts & {each["starts_at"] for each in stack.slots()}

    answer = stack.call(
        "DELETE", f"/v1/holds/{released['id']}", booking_secret=released["client_secret"]
    )
    assert answer.status in (200, 204), answer
    with psycopg.connect(stack.manifest["database"]) as connection:
        connection.execute(
            "create or replace function core.clock() returns timestamptz language sql volatile"
            " as 'select pg_catalog.clock_timestamp() + interval ''6 minutes'''"
        )
    swept = stack.invoke("expire_holds")

    assert swept["expired"] == 1
    assert starts <= {each["starts_at"] for each in stack.slots()}
    found = stack.call("GET", f"/v1/bookings/{left['id']}", booking_secret=left["client_secret"])
    assert found.body["status"] == "expired"


def test_the_doors_answer(stack: Stack) -> None:
    """Health, docs, OpenAPI, CORS, an unknown route and a forged webhook."""
    api = stack.manifest["api"]
    preflight = send(
        "OPTIONS",
        f"{api}/v1/holds",
        origin="https://shop.example",
        access_control_request_method="POST",
    )

    assert send("GET", f"{api}/health").body["status"] == "ok"
    assert send("GET", stack.manifest["docs"]).status == 200
    assert "/v1/holds" in send("GET", f"{api}/openapi.json").body["paths"]
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (204, "*")
    assert send("GET", f"{api}/v1/nowhere").body == {"message": "Not Found"}
    forged = send("POST", stack.manifest["webhook"], b"{}", stripe_signature="t=1,v1=00")
    assert forged.status == 400, forged


def test_every_function_starts(stack: Stack) -> None:
    """Sweeps and the migration run on demand, each with its own role."""
    for function in ("expire_holds", "deliver"):
        assert isinstance(stack.invoke(function), dict)
