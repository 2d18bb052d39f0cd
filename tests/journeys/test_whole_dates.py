"""A venue is booked by local date: from midnight to midnight, however long that is."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import raw_event

DAYS = {
    "spring in Berlin": ("Europe/Berlin", "2030-03-31", 23),
    "autumn in Berlin": ("Europe/Berlin", "2030-10-27", 25),
    "any day in Berlin": ("Europe/Berlin", "2030-06-15", 24),
    "spring on Lord Howe": ("Australia/Lord_Howe", "2030-10-06", 23.5),
    "autumn on Lord Howe": ("Australia/Lord_Howe", "2030-04-07", 24.5),
    "no midnight in Havana": ("America/Havana", "2030-03-10", 23),
    "two midnights in Havana": ("America/Havana", "2030-11-03", 25),
    "spring in New York": ("America/New_York", "2030-03-10", 23),
    "never in Kolkata": ("Asia/Kolkata", "2030-03-31", 24),
}


def _in(system: System, zone: str) -> None:
    system.database.execute(
        "update core.resources set timezone = %s where id = %s", zone, system.venue["id"]
    )


def _ask(system: System, on: str) -> Answer:
    body = system.hold_body("", resource_id=system.venue["id"])
    del body["starts_at"]
    return system.request(
        "POST",
        "/v1/holds",
        body | {"offering_id": system.venue["offerings"][0]["id"], "date": on},
    )


def _hours(booking: dict[str, Any], system: System) -> float:
    row = system.booking(booking)
    return float((row.ends_at - row.starts_at) / timedelta(hours=1))


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
def test_a_date_is_as_long_as_it_is(system: System, day: tuple[str, str, float]) -> None:
    """Held, paid and confirmed on the day the clocks change: 23, 24 or 25 hours, and half ones.

    Cases: D-5, D-1
    """
    zone, on, hours = day
    _in(system, zone)
    answer = _ask(system, on)
    assert answer.status == 201, answer
    held = answer.body
    _, session_id = system.checkout(held)
    system.pay(session_id)
    system.post_event(raw_event(system, "checkout.session.completed"))

    assert (held["date"], _hours(held, system)) == (on, hours)
    assert held["price"] == {"amount": 95000, "currency": "AUD"}
    assert system.confirmation(held)["status"] == "confirmed"


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
def test_neighbouring_dates_meet_without_gap_or_overlap(
    system: System, day: tuple[str, str, float]
) -> None:
    """The day before, the day itself and the day after can all be booked, and join.

    Cases: D-5
    """
    zone, on, _ = day
    _in(system, zone)
    middle = date.fromisoformat(on)
    held = [_ask(system, str(middle + timedelta(days=n))).body for n in (-1, 0, 1)]

    assert [each["status"] for each in held] == ["held"] * 3
    assert held[0]["ends_at"] == held[1]["starts_at"]
    assert held[1]["ends_at"] == held[2]["starts_at"]


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
def test_listing_and_holding_agree_on_dates(system: System, day: tuple[str, str, float]) -> None:
    """The date is listed with the bounds that a hold of it gets; once held it is no longer listed.

    Cases: D-5
    """
    zone, on, _ = day
    _in(system, zone)
    first = date.fromisoformat(on) - timedelta(days=3)
    query = f"&from={first}T00:00:00Z&to={first + timedelta(days=7)}T00:00:00Z"
    listed = {slot["date"]: slot for slot in system.slots(system.venue, query)}
    held = _ask(system, on).body
    after = [slot["date"] for slot in system.slots(system.venue, query)]

    assert (listed[on]["starts_at"], listed[on]["ends_at"]) == (held["starts_at"], held["ends_at"])
    assert after == [each for each in listed if each != on]


def test_a_date_is_booked_once(system: System) -> None:
    """The second is refused, with other dates nearby.

    Cases: D-5, D-1, E-5.1, E-5.2
    """
    _ask(system, "2030-06-15")
    answer = _ask(system, "2030-06-15")
    dates = [each["date"] for each in answer.body["alternatives"]]

    assert_problem(answer, 409, "slot_taken")
    assert sorted(dates[:2]) == ["2030-06-14", "2030-06-16"]
    assert "2030-06-15" not in dates
    assert _ask(system, dates[0]).status == 201


def test_the_payment_page_names_the_date(system: System) -> None:
    """No time of day, no zone: the date as the customer chose it."""
    held = _ask(system, "2030-06-15").body
    system.checkout(held)
    (session,) = system.double.documents("checkout.session")
    (item,) = session.private["line_items"]

    assert "2030-06-15" in str(item) or "Whole day · Garden venue" in str(item)
