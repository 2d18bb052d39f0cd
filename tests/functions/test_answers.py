"""What every route answers when a request succeeds: status, headers, and the models' members."""

from typing import Any

import pytest
from pydantic import BaseModel

from holdfast.bookings.models import Booking, BookingList, HeldBooking
from holdfast.catalogue.slot_models import ResourceList, SlotList
from holdfast.payments.models import Checkout, Confirmation
from holdfast.platform.problem_models import Health
from tests.harness.database.cluster import SQL_DIR
from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import TEN


def _is(answer: Answer, status: int, model: type[BaseModel]) -> Any:
    """The answer has the status and exactly the members of the model."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    parsed = model.model_validate(answer.body)
    assert set(parsed.model_dump(mode="json", by_alias=True)) == set(answer.body)
    return parsed


def _versioned(answer: Answer) -> None:
    booking = answer.body.get("booking", answer.body)
    assert answer.headers["etag"] == f'"{booking["version"]}"'
    assert answer.headers["cache-control"] == "no-store"


def test_resources_are_listed_with_offerings_and_prices(system: System) -> None:
    """GET /v1/resources: what can be booked, for how long, at what price."""
    answer = system.request("GET", "/v1/resources")
    listed = _is(answer, 200, ResourceList)

    assert answer.headers["cache-control"] == "no-store"
    assert {each.name for each in listed.resources} == {
        each["name"] for each in system.tenant.resources
    }
    tutor = next(each for each in listed.resources if str(each.id) == system.resource["id"])
    lesson = next(each for each in tutor.offerings if each.duration_minutes == 60)
    assert (tutor.timezone, tutor.booking_mode, tutor.capacity) == ("Europe/London", "slot", 1)
    assert lesson.prices[0].price.model_dump() == {"amount": 4500, "currency": "GBP"}


def test_slots_are_listed_for_a_week(system: System) -> None:
    """GET …/slots: in order, in UTC, each as long as the offering, for seven days from now."""
    offering = system.resource["offerings"][0]["id"]
    path = f"/v1/resources/{system.resource['id']}/slots?offering_id={offering}"
    answer = system.request("GET", path)
    listed = _is(answer, 200, SlotList)

    assert answer.headers["cache-control"] == "private, max-age=2"
    assert answer.body["from"].startswith("2030-01-07T06:0")
    assert (listed.to - listed.from_).days == 7
    starts = [slot["starts_at"] for slot in answer.body["slots"]]
    assert starts == sorted(starts)
    assert starts[0] == "2030-01-07T09:00:00Z"
    assert {(slot.ends_at - slot.starts_at).seconds for slot in listed.slots} == {3600}
    assert {slot.remaining for slot in listed.slots} == {1}


def test_a_hold_is_answered_with_its_secret(system: System) -> None:
    """POST /v1/holds: 201, five minutes, the catalogue's price, and the booking's own secret.

    Proves: ASVS 14.3.2
    """
    body = system.hold_body(
        TEN,
        customer={"name": " Zoë ", "email": "Zoe@Example.COM", "phone": "+49 30 901820"},
        notes="two\r\nlines",
    )
    answer = system.request("POST", "/v1/holds", body)
    held = _is(answer, 201, HeldBooking)

    _versioned(answer)
    assert (held.status, held.payment_status, held.version) == ("held", "unpaid", 1)
    assert answer.body["starts_at"] == TEN
    assert answer.body["ends_at"] == "2030-01-07T11:00:00Z"
    assert held.hold_expires_at is not None
    assert (held.hold_expires_at - held.created_at).seconds == 300
    assert answer.body["price"] == {"amount": 4500, "currency": "GBP"}
    assert answer.body["customer"] == {
        "name": "Zoë",
        "email": "zoe@example.com",
        "phone": "+4930901820",
    }
    assert held.notes == "two\nlines"
    assert len(held.client_secret) == 101  # hss, the tenant, 256 bits


def test_a_start_in_any_offset_is_the_same_start(system: System) -> None:
    """A start may have any offset; the answer has it in UTC."""
    held = system.hold("2030-01-07T12:00:00+02:00")

    assert held["starts_at"] == TEN


def test_a_checkout_is_answered_with_its_address(system: System) -> None:
    """POST …/checkout: 200, where to pay, and until when."""
    held = system.hold()
    answer = system.begin_checkout(held)
    checkout = _is(answer, 200, Checkout)

    _versioned(answer)
    assert checkout.checkout_url.endswith(system.session_id(held))
    assert checkout.booking.status == "paying"
    assert checkout.booking.hold_expires_at is not None
    assert (checkout.booking.hold_expires_at - checkout.expires_at).seconds == 300
    assert "client_secret" not in answer.body["booking"]


def test_a_released_hold_is_answered_as_expired(system: System) -> None:
    """DELETE /v1/holds/{id}: 200 once the time is free."""
    held = system.hold()
    answer = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])
    booking = _is(answer, 200, Booking)

    _versioned(answer)
    assert (booking.status, booking.hold_expires_at) == ("expired", None)


def test_a_booking_is_answered_without_its_secret(system: System) -> None:
    """GET /v1/bookings/{id}: its current state; the secret is shown only once.

    Proves: ASVS 8.2.3, 15.3.1, API3:2023
    """
    held = system.hold()
    answer = system.request("GET", f"/v1/bookings/{held['id']}", secret=held["client_secret"])
    _is(answer, 200, Booking)

    _versioned(answer)
    assert held["bookings"] == [answer.body]
    assert answer.body == {name: held[name] for name in answer.body}


def test_a_confirmation_is_answered_with_its_booking(system: System) -> None:
    """GET …/confirmation: one word for the customer, and the booking."""
    held = system.hold()
    answer = system.request(
        "GET", f"/v1/bookings/{held['id']}/confirmation", secret=held["client_secret"]
    )
    told = _is(answer, 200, Confirmation)

    _versioned(answer)
    assert (told.status, told.reason) == ("held", None)


def test_bookings_are_listed_for_servers(system: System) -> None:
    """GET /v1/bookings: a page of bookings."""
    system.hold()
    answer = system.request("GET", "/v1/bookings", key="secret")
    listed = _is(answer, 200, BookingList)

    assert (len(listed.bookings), listed.next_cursor) == (1, None)


def test_health_tells_version_and_skew(system: System) -> None:
    """GET /health, without a key: the schema's version, and our clock minus the database's.

    Cases: E-6.3
    """
    answer = system.request("GET", "/health", key=None)
    health = _is(answer, 200, Health)

    away = (system.database.clock.now().timestamp() - _now()) * 1000
    assert health.schema_version == max(SQL_DIR.glob("migrations/*.sql")).name[:4]
    assert abs(health.clock_skew_ms + away) < 5000


def _now() -> float:
    import time  # noqa: PLC0415 next to its only use

    return time.time()


def test_the_description_is_served_without_a_key(system: System) -> None:
    """GET /openapi.json: the API described, with every route of the template.

    Proves: ASVS 13.4.5, API9:2023
    """
    answer = system.request("GET", "/openapi.json", key=None)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.body["openapi"].startswith("3.1")
    assert "/v1/bookings/{booking_id}/checkout" in answer.body["paths"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/nothing"), ("PUT", "/v1/holds"), ("GET", "/v1")]
)
def test_what_is_no_route_is_not_found(system: System, method: str, path: str) -> None:
    """API Gateway answers for paths that the template has no route for.

    Proves: ASVS 13.4.4
    """
    assert system.request(method, path).status == 404


def test_an_unmodified_listing_is_not_sent_again(system: System) -> None:
    """If-None-Match with the listing's ETag: 304 without a body, until something changes.

    Cases: E-5.2
    """
    offering = system.resource["offerings"][0]["id"]
    path = (
        f"/v1/resources/{system.resource['id']}/slots?offering_id={offering}"
        "&from=2030-01-08T00:00:00Z&to=2030-01-09T00:00:00Z"
    )
    tag = system.request("GET", path).headers["etag"]

    def again(sent: str) -> Answer:
        return system.request("GET", path, headers={"if-none-match": sent})

    for sent in (tag, f"W/{tag}", f'"other", {tag}'):
        unchanged = again(sent)
        assert (unchanged.status, unchanged.body) == (304, b"")
        assert unchanged.headers["etag"] == tag
        assert unchanged.headers["cache-control"] == "private, max-age=2"
    assert again('"other"').status == 200

    system.hold("2030-01-08T10:00:00Z")
    changed = again(tag)

    assert changed.status == 200
    assert changed.headers["etag"] != tag


def test_a_taken_time_is_refused_with_alternatives(system: System) -> None:
    """409 slot_taken has the nearest free times, each of which can be held.

    Cases: D-1, E-5.1, E-5.2, P-1
    """
    system.hold(TEN)
    answer = system.request("POST", "/v1/holds", system.hold_body(TEN))

    assert_problem(answer, 409, "slot_taken")
    alternatives = answer.body["alternatives"]
    assert 1 <= len(alternatives) <= 5
    listed = system.slots(query="&from=2030-01-05T00:00:00Z")
    for alternative in alternatives:
        assert any(alternative.items() <= slot.items() for slot in listed)
    assert system.hold(alternatives[0]["starts_at"])["status"] == "held"
