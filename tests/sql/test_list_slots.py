"""api.list_slots and api.list_resources: what can be booked, and when."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.clients.calls import Api, refused, utc
from tests.harness.database.builders import NOW, Offer, Tenant

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIDNIGHT = NOW - 8 * HOUR


def slots(
    api: Api, offer: Offer, start: datetime | None = None, end: datetime | None = None
) -> list[dict[str, Any]]:
    """The free slots that start in [start, end)."""
    arguments = (offer.resource_id, offer.offering_id, start, end)
    listed: list[dict[str, Any]] = api.call("list_slots_as_text", offer.tenant.actor(), *arguments)[
        "slots"
    ]
    return listed


def starts(listed: list[dict[str, Any]]) -> list[datetime]:
    return [utc(slot["starts_at"]) for slot in listed]


def test_slots_lie_on_the_grid_inside_the_opening_hours(api: Api, tenant: Tenant) -> None:
    """From the opening on, one step apart, and the last one ends by closing."""
    offer = tenant.offer(opens="09:10", closes="11:30", step_minutes=40)

    listed = slots(api, offer, MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)

    opening = MIDNIGHT + DAY + timedelta(hours=9, minutes=10)
    assert starts(listed) == [opening, opening + 40 * MINUTE, opening + 80 * MINUTE]
    assert utc(listed[-1]["ends_at"]) == MIDNIGHT + DAY + timedelta(hours=11, minutes=30)


def test_without_a_period_the_next_seven_days_are_listed(api: Api, tenant: Tenant) -> None:
    """From now, for 168 hours."""
    offer = tenant.offer(opens="00:00", closes="24:00", step_minutes=1440)

    answer = api.call("list_slots_as_text", tenant.actor(), offer.resource_id, None, None, None)

    assert (utc(answer["from"]), utc(answer["to"])) == (NOW, NOW + 7 * DAY)
    assert starts(answer["slots"]) == [MIDNIGHT + n * DAY for n in range(1, 8)]
    assert answer["timezone"] == "UTC"


def test_the_period_is_of_starts(api: Api, tenant: Tenant) -> None:
    """A slot that starts at `from` is included, one that starts at `to` is not; it may end
    later.
    """
    offer = tenant.offer()

    listed = starts(slots(api, offer, NOW + 2 * HOUR, NOW + 3 * HOUR))

    assert listed == [NOW + 2 * HOUR, NOW + 2.5 * HOUR]


def test_nothing_starts_before_the_notice_has_passed(api: Api, tenant: Tenant) -> None:
    """The first start is the first on the grid at least notice_minutes from now."""
    offer = tenant.offer(notice_minutes=100)

    assert starts(slots(api, offer))[0] == NOW + 2 * HOUR


def test_nothing_starts_beyond_the_horizon(api: Api, tenant: Tenant) -> None:
    """The last start is exactly horizon_days of 24 hours from now, when the grid has it."""
    offer = tenant.offer(horizon_days=2, opens="00:00", closes="24:00")

    assert starts(slots(api, offer))[-1] == NOW + 2 * DAY


def test_remaining_counts_the_free_units(api: Api, tenant: Tenant) -> None:
    """One less for each booking that overlaps the time; with none left, it is not listed."""
    offer = tenant.offer(capacity=2, opens="10:00", closes="12:00")
    api.hold(offer, NOW + 2 * HOUR)
    api.hold(offer, NOW + 3 * HOUR)
    api.hold(offer, NOW + 3 * HOUR)

    remaining = {
        utc(slot["starts_at"]): slot["remaining"] for slot in slots(api, offer, NOW, NOW + 6 * HOUR)
    }

    assert remaining == {NOW + 2 * HOUR: 1}


def test_buffers_keep_the_neighbours_of_a_booking_free(api: Api, tenant: Tenant) -> None:
    """Both the booking's buffers and the new one's fit between two bookings.

    Cases: P-3
    """
    offer = tenant.offer(buffer_after_minutes=30)
    api.hold(offer, NOW + 3 * HOUR)

    listed = starts(slots(api, offer, NOW, NOW + 6 * HOUR))

    taken = {NOW + h * HOUR for h in (2, 2.5, 3, 3.5, 4)} - {NOW + 1.5 * HOUR}
    assert NOW + 1.5 * HOUR in listed
    assert NOW + 4.5 * HOUR in listed
    assert not taken & set(listed)


def test_a_hold_that_ran_out_is_listed_as_free(api: Api, tenant: Tenant) -> None:
    """An expired hold hides nothing, with or without a sweep; one second earlier it does."""
    offer = tenant.offer()
    api.hold(offer, NOW + 2 * HOUR)
    api.database.clock.advance(timedelta(minutes=4, seconds=59))
    before = starts(slots(api, offer))
    api.database.clock.advance(timedelta(seconds=1))
    after = starts(slots(api, offer))

    assert NOW + 2 * HOUR not in before
    assert NOW + 2 * HOUR in after


def test_many_expired_holds_elsewhere_change_nothing(api: Api, tenant: Tenant) -> None:
    """An expired hold hides nothing, even if more expired before it than are looked up first."""
    offer, elsewhere = tenant.offer(), tenant.offer()
    for _ in range(60):
        elsewhere.booking(
            NOW + DAY,
            NOW + DAY + HOUR,
            status="held",
            payment_status="unpaid",
            hold_expires_at=NOW - MINUTE,
        )
    api.hold(offer, NOW + 2 * HOUR)
    before = starts(slots(api, offer))
    api.database.clock.advance(5 * MINUTE)
    after = starts(slots(api, offer))

    assert NOW + 2 * HOUR not in before
    assert NOW + 2 * HOUR in after


def test_overlapping_windows_are_listed_in_order(api: Api, tenant: Tenant) -> None:
    """A night's window and the morning's, which begins before it ends: each has its own grid, and
    their starts are listed by time."""
    offer = tenant.offer(opens="20:00", closes="08:00", step_minutes=60)
    tenant.override(offer.resource_id, (MIDNIGHT + DAY).date(), "06:20", "09:20")

    listed = starts(slots(api, offer, MIDNIGHT + DAY, MIDNIGHT + 2 * DAY))

    night = [MIDNIGHT + DAY + n * HOUR for n in range(8)]
    morning = [MIDNIGHT + DAY + n * HOUR + 20 * MINUTE for n in (6, 7, 8)]
    assert listed == sorted(night + morning)


def test_adjoining_windows_are_one_opening(api: Api, tenant: Tenant) -> None:
    """A slot may run from one window into an adjoining one; each keeps its own grid."""
    offer = tenant.offer(opens="09:00", closes="10:20")
    tenant.hours(offer.resource_id, "10:20", "12:00")

    listed = starts(slots(api, offer, MIDNIGHT + DAY, MIDNIGHT + 2 * DAY))

    nine = MIDNIGHT + DAY + 9 * HOUR
    first = [nine + n * 30 * MINUTE for n in range(3)]
    second = [nine + (80 + n * 30) * MINUTE for n in range(2)]
    assert listed == first + second


def test_listing_says_nothing_of_bookings(api: Api, tenant: Tenant) -> None:
    """Times only: a slot has its start, end, date and remaining units, and no more.

    Cases: P-7
    """
    offer = tenant.offer()
    api.hold(offer)

    assert {frozenset(slot) for slot in slots(api, offer)} == {
        frozenset({"starts_at", "ends_at", "date", "remaining", "starts_local", "ends_local"})
    }


@pytest.mark.parametrize(
    ("start", "end"),
    [(NOW, NOW), (NOW, NOW - DAY), (NOW, NOW + 62 * DAY + timedelta(seconds=1))],
    ids=["empty", "reversed", "too long"],
)
def test_a_bad_period_is_refused(api: Api, tenant: Tenant, start: datetime, end: datetime) -> None:
    """KHPER for an empty, reversed or too long period; 62 days are not too long."""
    offer = tenant.offer()

    refusal = refused(lambda: slots(api, offer, start, end))

    assert refusal.sqlstate == "KHPER"
    assert refusal.hint == 'use a later "to", or request fewer days at once'
    assert slots(api, offer, NOW, NOW + 62 * DAY)


def test_an_offering_must_be_named_when_there_are_several(api: Api, tenant: Tenant) -> None:
    """KHNTF when none is named and there are two, or none."""
    offer = tenant.offer()
    tenant.offering(offer.resource_id)
    bare = tenant.resource()

    for resource_id in (offer.resource_id, bare, uuid4()):
        refusal = refused(
            api.call, "list_slots_as_text", tenant.actor(), resource_id, None, None, None
        )
        assert refusal.sqlstate == "KHNTF"


def test_resources_are_listed_with_their_prices(api: Api, tenant: Tenant) -> None:
    """Each resource with its offerings, cheapest price first; archived ones are left out.

    Cases: E-8.1
    """
    offer = tenant.offer(amount=4500)
    tenant.price(offer.offering_id, tier="reduced", amount=2000)
    gone = tenant.offer()
    api.database.execute(
        "update core.resources set archived_at = core.clock() where id = %s", gone.resource_id
    )

    answer = api.call("list_resources", tenant.actor(), None, 10)

    (resource,) = answer["resources"]
    (offering,) = resource["offerings"]
    assert (resource["id"], offering["id"]) == (str(offer.resource_id), str(offer.offering_id))
    assert [p["price"]["amount"] for p in offering["prices"]] == [2000, 4500]
    assert answer["next"] is None


def test_resources_are_paged(api: Api, tenant: Tenant) -> None:
    """Every resource is on exactly one page."""
    made = {str(tenant.resource()) for _ in range(5)}

    listed, after = [], None
    while True:
        page = api.call("list_resources", tenant.actor(), after, 2)
        listed += [r["id"] for r in page["resources"]]
        after = page["next"]
        if after is None:
            break

    assert len(listed) == len(made)
    assert set(listed) == made
