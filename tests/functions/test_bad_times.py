"""Times that cannot be booked, and invalid periods: refused with the reason."""

from typing import Any

import pytest

from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import assert_problem, refused
from tests.harness.system.setup import TEN


def _hold(shared_system: System, **when: Any) -> Answer:
    body = {
        name: value for name, value in shared_system.hold_body(TEN).items() if name != "starts_at"
    }
    return shared_system.request("POST", "/v1/holds", body | when)


@pytest.fixture(scope="module")
def careful(shared_system: System) -> System:
    """The tutor wants a day's notice."""
    shared_system.database.execute(
        "update core.resources set notice_minutes = 1440 where id = %s",
        shared_system.resource["id"],
    )
    return shared_system


NOT_OFFERED = {
    "long past": ("2001-01-01T10:00:00Z", "past"),
    "this morning": ("2030-01-07T05:00:00Z", "past"),
    "within notice": ("2030-01-07T10:00:00Z", "notice"),
    "beyond the horizon": ("2030-12-02T10:00:00Z", "horizon"),
    "next century": ("2130-01-09T10:00:00Z", "horizon"),
    "off the grid": ("2030-01-09T10:10:00Z", "off_grid"),
    "a second off": ("2030-01-09T10:00:01Z", "off_grid"),
    "a microsecond off": ("2030-01-09T10:00:00.000001Z", "off_grid"),
    "before opening": ("2030-01-09T08:00:00Z", "closed"),
    "over lunch": ("2030-01-09T12:00:00Z", "closed"),
    "into lunch": ("2030-01-09T11:30:00Z", "closed"),
    "at closing": ("2030-01-09T18:00:00Z", "closed"),
    "at night": ("2030-01-09T23:00:00Z", "closed"),
}


@pytest.mark.parametrize("case", NOT_OFFERED.values(), ids=NOT_OFFERED)
def test_a_time_that_is_not_offered_is_refused_with_the_reason(
    careful: System, case: tuple[str, str]
) -> None:
    """The same rules as in the listing apply, and the refusal names the rule.

    Cases: E-6.3, P-12
    """
    starts_at, reason = case
    answer = refused(careful, lambda: _hold(careful, starts_at=starts_at), 422, "not_offered")

    assert answer.body["reason"] == reason


def test_the_wrong_kind_of_start_is_refused(shared_system: System) -> None:
    """A tutor has times, a venue has dates.

    Cases: D-5
    """
    a_day = refused(
        shared_system, lambda: _hold(shared_system, date="2030-01-09"), 422, "not_offered"
    )
    a_time = refused(
        shared_system,
        lambda: _hold(
            shared_system,
            starts_at="2030-01-08T13:00:00Z",
            resource_id=shared_system.venue["id"],
            offering_id=shared_system.venue["offerings"][0]["id"],
        ),
        422,
        "not_offered",
    )

    assert a_day.body["reason"] == a_time.body["reason"] == "wrong_mode"


@pytest.mark.parametrize(
    ("date", "reason"),
    [("2030-01-01", "past"), ("2030-01-07", "past"), ("2031-02-01", "horizon")],
)
def test_a_date_that_is_not_offered_is_refused(
    shared_system: System, date: str, reason: str
) -> None:
    """Today has begun at the venue; next year is too far.

    Cases: D-5
    """
    answer = refused(
        shared_system,
        lambda: _hold(
            shared_system,
            date=date,
            resource_id=shared_system.venue["id"],
            offering_id=shared_system.venue["offerings"][0]["id"],
        ),
        422,
        "not_offered",
    )

    assert answer.body["reason"] == reason


NO_START: dict[str, dict[str, Any]] = {
    "neither": {},
    "both": {"starts_at": "2030-01-09T10:00:00Z", "date": "2030-01-09"},
    "without zone": {"starts_at": "2030-01-09T10:00:00"},
    "seconds since 1970": {"starts_at": 1893751200},
    "as text": {"starts_at": "1893751200"},
    "tomorrow": {"starts_at": "tomorrow"},
    "no such day": {"starts_at": "2030-02-30T10:00:00Z"},
    "no such hour": {"starts_at": "2030-01-09T25:00:00Z"},
    "the end of time": {"starts_at": "9999-12-31T23:59:59Z"},
    "before clocks": {"date": "0001-01-01"},
    "infinity": {"starts_at": "infinity"},
    "empty": {"starts_at": ""},
    "null": {"starts_at": None},
    "no such date": {"date": "2030-02-30"},
    "a date with a time": {"date": "2030-01-09T10:00:00Z"},
    "days since 1970": {"date": 21924},
}


@pytest.mark.parametrize("when", NO_START.values(), ids=NO_START)
def test_what_is_no_start_is_invalid(shared_system: System, when: dict[str, Any]) -> None:
    """RFC 3339 with a zone, or a date; everything else is invalid.

    Cases: P-12
    """
    refused(shared_system, lambda: _hold(shared_system, **when), 422, "invalid_request")


PERIODS = {
    "reversed": "from=2030-01-09T10:00:00Z&to=2030-01-08T10:00:00Z",
    "empty": "from=2030-01-09T10:00:00Z&to=2030-01-09T10:00:00Z",
    "too long": "from=2030-01-09T10:00:00Z&to=2030-03-12T10:00:01Z",
    "reversed from now": "to=2030-01-01T10:00:00Z",
    "all of time": "from=1900-01-01T00:00:00Z&to=8999-12-31T23:59:59Z",
}


@pytest.mark.parametrize("query", PERIODS.values(), ids=PERIODS)
def test_a_period_that_is_none_is_refused(shared_system: System, query: str) -> None:
    """Reversed, empty or longer than 62 days.

    Proves: ASVS 15.2.2, API4:2023
    """
    refused(shared_system, lambda: _slots(shared_system, query), 422, "period_invalid")


def test_the_longest_period_is_listed(shared_system: System) -> None:
    """62 days exactly."""
    answer = _slots(shared_system, "from=2030-01-09T10:00:00Z&to=2030-03-12T10:00:00Z")

    assert answer.status == 200


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "from=1893751200",
        "to=2030-01-09T10:00:00",
        "from=",
        "offering_id=1",
        "to=9999-12-31T23:59:59Z",
    ],
)
def test_bounds_are_instants(shared_system: System, query: str) -> None:
    """A bound without a zone, or no time at all, is invalid."""
    answer = shared_system.request(
        "GET", f"/v1/resources/{shared_system.resource['id']}/slots?{query}"
    )

    assert_problem(answer, 422, "invalid_request")


def test_a_resource_with_several_offerings_needs_one_named(shared_system: System) -> None:
    """Lessons of different length have different starts, so the offering must be named."""
    refused(
        shared_system,
        lambda: shared_system.request("GET", f"/v1/resources/{shared_system.resource['id']}/slots"),
        404,
        "not_found",
    )


def _slots(shared_system: System, query: str) -> Answer:
    offering = shared_system.resource["offerings"][0]["id"]
    return shared_system.request(
        "GET", f"/v1/resources/{shared_system.resource['id']}/slots?offering_id={offering}&{query}"
    )
