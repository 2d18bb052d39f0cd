"""A delayed payment takes days: its time is kept, and Stripe is asked now and then."""

from datetime import timedelta

from tests.harness.clients.calls import Api
from tests.harness.database.builders import NOW, Tenant


def test_a_delayed_payment_is_asked_about_once_a_day(api: Api, tenant: Tenant) -> None:
    """The sweep asks Stripe about its booking once a day, and never releases it.

    Cases: D-2, E-7.2
    """
    checkout = api.checkout(api.hold(tenant.offer(), NOW + timedelta(days=7, hours=2)))
    api.settle(checkout, "pending")

    api.database.clock.advance(timedelta(hours=23))
    early = api.call("expire_holds", 10)
    api.database.clock.advance(timedelta(hours=2))
    due = api.call("expire_holds", 10)

    assert (early["expired"], early["closing"]) == (0, 0)
    assert (due["expired"], due["closing"]) == (0, 1)
    assert checkout.held.row.status == "paying"
    assert checkout.held.occupies
