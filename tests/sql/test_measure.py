"""api.measure_backlog: how late the work is, by the database's clock."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.harness.clients.calls import Api, utc
from tests.harness.database.builders import NOW, Tenant

SECOND = timedelta(seconds=1)


def measured(api: Api) -> dict[str, Any]:
    """All but the time."""
    found: dict[str, Any] = api.call("measure_backlog")
    assert utc(found.pop("now")) == api.database.clock.now()
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if value != before[name]}


def test_nothing_waits(api: Api) -> None:
    """An empty system is never late."""
    assert set(measured(api).values()) == {0}


def test_a_hold_past_its_deadline(api: Api, tenant: Tenant) -> None:
    """Counted from its deadline, as long as the sweep has not handled it."""
    held = api.hold(tenant.offer())
    before = measured(api)
    api.database.clock.set(utc(held.answer["hold_expires_at"]) + 90 * SECOND)
    late = changed(before, measured(api))
    api.call("expire_holds", 10)

    assert late == {"hold_lag_seconds": 90}
    assert changed(before, measured(api)) == {}


def test_a_reschedule_past_its_deadline(api: Api, tenant: Tenant) -> None:
    """A reschedule that waits for its payment counts as a hold does."""
    api.paid(tenant.offer())
    api.database.execute(
        "insert into core.reschedules (tenant_id, id, booking_id, state, resource_id, starts_at,"
        " ends_at, buffer_before_minutes, buffer_after_minutes, amount, difference, currency,"
        " calendar_unchecked, from_resource_id, from_starts_at, from_ends_at, expires_at,"
        " created_at, updated_at)"
        " select tenant_id, id, id, 'pending', resource_id, starts_at, ends_at, 0, 0, amount, 50,"
        " currency, false, resource_id, starts_at, ends_at, %s, %s, %s from core.bookings",
        *(NOW - 30 * SECOND, NOW, NOW),
    )

    assert measured(api)["hold_lag_seconds"] == 30


def test_effects_that_are_due_fail_and_die(api: Api, tenant: Tenant) -> None:
    """Lag from when it is due, age from when it was made, once an attempt has failed."""
    checkout = api.checkout(api.hold(tenant.offer()))
    assert api.settle(checkout, "paid", amount_total=1000) == "refunding"
    before = measured(api)
    api.database.clock.advance(20 * SECOND)
    due = changed(before, measured(api))
    (effect,) = api.claim()
    claimed = changed(before, measured(api))
    api.finish(effect, "retry", error="timed out")
    failed = changed(before, measured(api))
    api.database.clock.advance(3600 * SECOND)
    (effect,) = api.claim()
    api.finish(effect, "dead", error="refused")

    assert (due, claimed, failed) == (
        {"effect_lag_seconds": 20}, {}, {"effect_age_seconds": 20},
    )  # fmt: skip
    assert changed(before, measured(api)) == {"effects_dead": 1}


def test_a_refund_on_its_way_is_no_trouble(api: Api, tenant: Tenant) -> None:
    """Banks take days: an effect that only asks again is not stuck, however old it is."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.settle(checkout, "paid", amount_total=1000)
    (effect,) = api.claim()
    api.finish(effect, "done", status="pending", refund={"id": "re_1"})
    api.database.clock.advance(timedelta(hours=5))

    assert measured(api)["effect_age_seconds"] == 0


def test_failed_refunds_count_until_another_replaces_them(api: Api, tenant: Tenant) -> None:
    """A failure that an operator has handled no longer counts."""
    checkout = api.checkout(api.hold(tenant.offer()))
    api.settle(checkout, "paid", amount_total=1000)
    (effect,) = api.claim()
    api.finish(effect, "done", status="failed", refund={"id": "re_1"})
    failed = measured(api)["refunds_failed"]
    api.call("retry_effect", effect["id"], "ada")

    assert (failed, measured(api)["refunds_failed"]) == (1, 0)


def test_calendars_whose_turn_it_is(api: Api, tenant: Tenant) -> None:
    """Lag from when it is due; stale from the fifth failure in a row on."""
    offer = tenant.offer()
    api.database.execute(
        "insert into core.calendars (tenant_id, id, resource_id, name, url, due_at, failures,"
        " created_at, updated_at)"
        " values (%s, %s, %s, 'Private', 'https://a.example/', %s, 5, %s, %s)",
        *(tenant.id, uuid4(), offer.resource_id, NOW - 70 * SECOND, NOW, NOW),
    )
    found = measured(api)

    assert (found["calendar_lag_seconds"], found["calendars_stale"]) == (70, 1)
