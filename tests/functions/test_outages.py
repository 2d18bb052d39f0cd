"""PostgreSQL or DynamoDB down: 503 in time, nothing half done, and the repeat succeeds."""

import time
from typing import Any

import pytest

from dev.stack.dynamodb import client
from holdfast.platform.errors import Unavailable
from tests.harness.database.digests import digests
from tests.harness.system.in_process import RETURN_ADDRESSES, Answer, System
from tests.harness.system.outages import REFUSING, dynamodb_without, silent_port
from tests.harness.system.problems import assert_problem, refused
from tests.harness.system.setup import TEN, forget_requests, raw_event, sessions

TIME_LIMIT = 20  # seconds, as template.yaml gives a function


def _hold(system: System) -> Answer:
    return system.request(
        "POST",
        "/v1/holds",
        system.hold_body(TEN),
        idempotency_key="0b9cbf0e-6d5b-4a52-9d6d-9a3a5a1f6c01",
    )


ROUTES = {
    "list resources": ("GET", "/v1/resources", None),
    "list slots": ("GET", "/v1/resources/{resource}/slots", None),
    "create hold": ("POST", "/v1/holds", "hold"),
    "release hold": ("DELETE", "/v1/holds/{booking}", None),
    "begin checkout": ("POST", "/v1/bookings/{booking}/checkout", RETURN_ADDRESSES),
    "get confirmation": ("GET", "/v1/bookings/{booking}/confirmation", None),
    "get booking": ("GET", "/v1/bookings/{booking}", None),
    "list bookings": ("GET", "/v1/bookings", None),
    "health": ("GET", "/health", None),
}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_without_a_database_every_route_is_unavailable(
    shared_system: System, route: tuple[str, str, Any]
) -> None:
    """PostgreSQL refuses connections: 503 with Retry-After, without the reason.

    Cases: P-11
    Proves: ASVS 16.5.1, 16.5.2
    """
    method, path, body = route
    filled = path.format(
        resource=shared_system.resource["id"], booking="00000000-0000-7000-8000-000000000000"
    )
    sent = shared_system.hold_body(TEN) if body == "hold" else body
    shared_system.database_at(f"postgresql://holdfast@{REFUSING}/none")
    try:
        answer = refused(
            shared_system,
            lambda: shared_system.request(method, filled, sent, key="secret"),
            503,
            "unavailable",
        )
    finally:
        shared_system.database_at(None)

    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert REFUSING not in str(answer.body)


def test_a_database_that_never_answers_is_given_up_in_time(system: System) -> None:
    """A host that accepts the connection and then is silent: 503 well within the time limit."""
    with silent_port() as address:
        system.database_at(f"postgresql://holdfast@{address}/none")
        began = time.monotonic()
        answer = _hold(system)
        took = time.monotonic() - began

    assert_problem(answer, 503, "unavailable")
    assert took < TIME_LIMIT / 2


def test_a_repeat_after_an_outage_makes_one_booking(system: System) -> None:
    """503, then the same key again: one hold, as if nothing had happened.

    Cases: D-3
    """
    system.database_at(f"postgresql://holdfast@{REFUSING}/none")
    assert _hold(system).status == 503
    system.database_at(None)

    assert _hold(system).status == 201
    assert system.database.value("select count(*) from core.bookings") == 1


def test_a_connection_that_was_cut_is_made_again(system: System) -> None:
    """The server restarts between two requests: the second succeeds."""
    system.slots()
    system.database.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and usename = 'holdfast_availability'"
    )

    assert system.slots()


def test_a_webhook_during_an_outage_is_repeated_by_stripe(system: System) -> None:
    """503 makes Stripe deliver again; the later delivery confirms.

    Cases: E-2.2
    Proves: ASVS 16.5.2
    """
    held, session_id = system.checkout()
    system.pay(session_id)
    event = raw_event(system, "checkout.session.completed")
    system.database_at(f"postgresql://holdfast@{REFUSING}/none")
    refused(system, lambda: system.post_event(event), 503, "unavailable")
    system.database_at(None)

    assert system.post_event(event).body["result"] == "confirmed"
    assert system.booking(held).status == "scheduled"


@pytest.mark.parametrize("sweep", ["expire_holds", "deliver"])
def test_a_sweep_without_a_database_fails_visibly(system: System, sweep: str) -> None:
    """A sweep that could not work fails, and its next run does the work."""
    system.database_at(f"postgresql://holdfast@{REFUSING}/none")
    with pytest.raises(Unavailable):
        system.sweep(sweep)
    system.database_at(None)

    assert system.sweep(sweep) is not None


def test_a_busy_row_is_given_up_in_time(system: System) -> None:
    """A row that stays locked: 503 after the lock timeout, and the repeat succeeds."""
    held = system.hold()
    path = f"/v1/holds/{held['id']}"
    with system.database.connect() as other:
        other.execute("select from core.bookings for update")
        began = time.monotonic()
        busy = system.request("DELETE", path, secret=held["client_secret"])
        took = time.monotonic() - began
        other.rollback()

    assert_problem(busy, 503, "unavailable")
    assert took < TIME_LIMIT / 2
    assert system.request("DELETE", path, secret=held["client_secret"]).status == 200


def test_without_dynamodb_no_post_is_begun(system: System) -> None:
    """DynamoDB refuses connections: 503, nothing in the database; the same key works later.

    Cases: D-3
    Proves: ASVS 16.5.3
    """
    held = system.hold("2030-01-07T14:00:00Z")
    system.with_environment(AWS_ENDPOINT_URL_DYNAMODB=f"http://{REFUSING}")

    began = time.monotonic()
    refused(system, lambda: _hold(system), 503, "unavailable")
    refused(system, lambda: system.begin_checkout(held, idempotency_key="c-1"), 503, "unavailable")
    took = time.monotonic() - began
    system.with_environment(AWS_ENDPOINT_URL_DYNAMODB=system.backends.dynamodb)

    assert took < TIME_LIMIT
    assert _hold(system).status == 201
    assert system.begin_checkout(held, idempotency_key="c-1").status == 200
    assert len(sessions(system, held)) == 1


def test_without_dynamodb_reading_and_releasing_go_on(system: System) -> None:
    """Only POSTs need the front door: the rest works."""
    held = system.hold()
    system.with_environment(AWS_ENDPOINT_URL_DYNAMODB=f"http://{REFUSING}")

    assert system.slots()
    assert system.confirmation(held)["status"] == "held"
    released = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])
    assert released.status == 200


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem"])
def test_dynamodb_failing_half_way_leaves_one_booking(system: System, operation: str) -> None:
    """The record or the answer cannot be stored: 503, and the repeat has one effect.

    A repeat that finds the first attempt's record waits until that attempt can no longer run.

    Cases: D-3
    """
    with dynamodb_without(operation, system.backends.dynamodb) as endpoint:
        system.with_environment(AWS_ENDPOINT_URL_DYNAMODB=endpoint)
        assert_problem(_hold(system), 503, "unavailable")
    system.with_environment(AWS_ENDPOINT_URL_DYNAMODB=system.backends.dynamodb)
    done = system.database.value("select count(*) from core.bookings")
    if operation == "UpdateItem":
        assert_problem(_hold(system), 409, "request_in_progress")
        _let_attempts_lapse(system)
    again = _hold(system)

    assert done == (1 if operation == "UpdateItem" else 0)
    assert again.status == 201
    assert [str(row.id) for row in system.database.rows("select id from core.bookings")] == [
        again.body["id"]
    ]


def _let_attempts_lapse(system: System) -> None:
    """As if the time limit of every running invocation had passed."""
    dynamodb = client(system.backends.dynamodb)
    for record in dynamodb.scan(TableName="IdempotencyTable")["Items"]:
        dynamodb.update_item(
            TableName="IdempotencyTable",
            Key={"id": record["id"]},
            UpdateExpression="set in_progress_expiration = :past",
            ExpressionAttributeValues={":past": {"N": "1"}},
        )


def test_a_repeat_during_the_first_request_is_409(system: System) -> None:
    """While the first request with a key runs, the second gets 409 with Retry-After.

    Cases: D-3
    """
    first = _hold(system)
    dynamodb = client(system.backends.dynamodb)
    for record in dynamodb.scan(TableName="IdempotencyTable")["Items"]:
        dynamodb.update_item(
            TableName="IdempotencyTable",
            Key={"id": record["id"]},
            UpdateExpression="set #s = :running, in_progress_expiration = :soon",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={
                ":running": {"S": "INPROGRESS"},
                ":soon": {"N": str(int(time.time() * 1000) + 60_000)},
            },
        )
    before = digests(system.database)
    twin = _hold(system)

    assert first.status == 201
    assert_problem(twin, 409, "request_in_progress")
    assert digests(system.database) == before
    assert forget_requests(system) >= 1
    assert _hold(system).body["id"] == first.body["id"]
