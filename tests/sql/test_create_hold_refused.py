"""api.create_hold: what it refuses, and with which error."""

from datetime import datetime, timedelta

import pytest

from tests.harness.clients.calls import Api, refused
from tests.harness.database.builders import NOW, Offer, Tenant

HOUR = timedelta(hours=1)
TEN = NOW + 2 * HOUR


@pytest.mark.parametrize(
    ("reason", "start"),
    [
        ("past", NOW - HOUR),
        ("past", NOW),
        ("notice", NOW + HOUR),
        ("horizon", NOW + timedelta(days=31, hours=2)),
        ("closed", NOW + timedelta(hours=10)),
        ("closed", NOW + timedelta(hours=8, minutes=30)),  # would end after closing
        ("off_grid", NOW + timedelta(hours=2, minutes=10)),
        ("off_grid", NOW + timedelta(hours=2, microseconds=1)),
    ],
)
def test_a_time_outside_the_rules_is_refused_with_the_rule(
    api: Api, tenant: Tenant, reason: str, start: datetime
) -> None:
    """KHOFF names the rule that refuses: past, notice, horizon, closed or off_grid."""
    offer = tenant.offer(notice_minutes=90, horizon_days=30)

    refusal = refused(lambda: api.hold(offer, start))

    assert (refusal.sqlstate, refusal.detail) == ("KHOFF", {"reason": reason})
    assert refusal.message == refusal.sqlstate  # the error has the text


def test_slots_and_dates_are_not_mixed(api: Api, tenant: Tenant) -> None:
    """A date for a slot resource, or a start for a date resource, is the wrong mode."""
    by_slot, by_date = tenant.offer(), tenant.offer(duration=None)

    refusals = [
        refused(lambda: api.hold(by_slot, date="2031-03-04")),
        refused(lambda: api.hold(by_date, TEN)),
    ]

    assert [r.detail for r in refusals] == [{"reason": "wrong_mode"}] * 2


@pytest.mark.parametrize(
    ("sqlstate", "field", "value"),
    [
        ("KHNTF", "resource_id", "3fa85f64-5717-4562-b3fc-2c963f66afa6"),
        ("KHNTF", "offering_id", "3fa85f64-5717-4562-b3fc-2c963f66afa6"),
        ("KHPRC", "tier", "golden"),
        ("KHPRC", "package", "ten"),
        ("KHPRC", "tier", None),
    ],
)
def test_only_what_exists_can_be_held(
    api: Api, tenant: Tenant, sqlstate: str, field: str, value: str | None
) -> None:
    """Unknown resources and offerings are not found; unknown tiers and packages have no price."""
    offer = tenant.offer()

    refusal = refused(api.hold, offer, **{field: value})

    assert refusal.sqlstate == sqlstate


def test_an_offering_of_another_resource_is_not_found(api: Api, tenant: Tenant) -> None:
    """What a resource does not offer cannot be booked with it."""
    one, other = tenant.offer(), tenant.offer()

    refusal = refused(lambda: api.hold(Offer(tenant, one.resource_id, other.offering_id)))

    assert refusal.sqlstate == "KHNTF"


@pytest.mark.parametrize("table", ["resources", "offerings"])
def test_what_was_archived_cannot_be_held(api: Api, tenant: Tenant, table: str) -> None:
    """Archived resources and offerings are treated as if they did not exist.

    Cases: E-8.1
    """
    offer = tenant.offer()
    api.database.execute(f"update core.{table} set archived_at = core.clock()")

    assert refused(lambda: api.hold(offer)).sqlstate == "KHNTF"
