"""core.currencies: the least charge and the smallest step of each currency, and where they
apply.
"""

from datetime import timedelta

import psycopg
import pytest

from tests.harness.clients.calls import Api, refused
from tests.harness.clients.waiting import wait_for
from tests.harness.database.builders import NOW, Offer, Tenant
from tests.harness.laws.invariants import violations

TEN = NOW + timedelta(hours=2)
# docs.stripe.com/currencies, minimum charge amounts, in minor units
STRIPES_OWN = {
    "USD": 50, "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500,
    "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200,
    "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000,
}  # fmt: skip


def undercut(offer: Offer, amount: int) -> None:
    """A price from before its currency had a least charge."""
    database = offer.tenant.database
    database.execute("alter table core.prices disable trigger prices_100_check_amount")
    query = "update core.prices set amount = %s where offering_id = %s"
    database.execute(query, amount, offer.offering_id)
    database.execute("alter table core.prices enable trigger prices_100_check_amount")


def test_no_currency_promises_less_than_stripe_takes(api: Api) -> None:
    """None is below Stripe's table; currencies that it does not list are well above.

    Proves: ASVS 2.2.1
    """
    least = dict(api.database.rows("select code, least_charge from core.currencies"))

    assert len(least) == 30
    assert {code for code, amount in STRIPES_OWN.items() if least[code] < amount} == set()
    assert all(least[code] >= 185 for code in least.keys() - STRIPES_OWN)


@pytest.mark.parametrize(
    ("amount", "currency", "fine"),
    [
        (29, "GBP", False),
        (30, "GBP", True),
        (299, "SEK", False),
        (300, "SEK", True),
        (49, "JPY", False),
        (50, "JPY", True),
        (19_999, "VND", False),
        (20_000, "VND", True),
        (99_999_999, "EUR", True),
    ],
)
def test_a_price_is_judged_when_it_is_set(
    tenant: Tenant, amount: int, currency: str, fine: bool
) -> None:
    """A price that cannot be charged is refused wherever it is set, also by SQL.

    Proves: ASVS 2.2.1
    """
    if fine:
        tenant.offer(amount=amount, currency=currency)
    else:
        with pytest.raises(psycopg.Error, match="cannot be charged") as told:
            tenant.offer(amount=amount, currency=currency)
        assert told.value.sqlstate == "KHAMT"


def test_changes_alone_are_judged(tenant: Tenant) -> None:
    """An old price stays and its other columns may change; another amount or currency is
    checked.
    """
    offer = tenant.offer(amount=4500, currency="SEK")
    undercut(offer, 100)
    database = tenant.database

    database.execute(
        "update core.prices set amount = 100, currency = 'SEK', updated_at = created_at"
    )
    for change in ("amount = 101", "currency = 'NOK'", "amount = 299"):
        with pytest.raises(psycopg.Error, match="cannot be charged"):
            database.execute(f"update core.prices set {change}")
    database.execute("update core.prices set currency = 'EUR'")  # 1.00 EUR can be charged


def test_an_entry_is_skipped_while_its_price_cannot_be_charged(api: Api, tenant: Tenant) -> None:
    """It gets no offer that could not be paid, and does not stop the sweep; a new price ends
    that.
    """
    offer = tenant.offer(amount=4500, currency="SEK")
    held = api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)
    undercut(offer, 100)

    api.call("release_hold", held.actor, held.id, None)
    swept = api.call("offer_waiting", 10)

    assert swept["offered"] == 0
    assert place.row.state == "waiting"
    assert api.database.value("select count(*) from core.sweep_failures") == 0
    assert refused(api.hold, offer, TEN + timedelta(hours=1)).sqlstate == "KHAMT"

    tenant.database.execute("update core.prices set amount = 300")
    api.database.clock.advance(timedelta(minutes=1))
    assert api.call("offer_waiting", 10)["offered"] == 1
    assert violations(api.database) == []


def test_a_reschedule_to_a_price_that_cannot_be_charged_is_refused(
    api: Api, tenant: Tenant
) -> None:
    """Refused, as for a hold."""
    offer = tenant.offer(amount=4500, currency="SEK")
    held = api.hold(offer, TEN)
    undercut(offer, 100)

    refusal = refused(api.move, held, TEN + timedelta(hours=1))

    assert (refusal.sqlstate, refusal.detail["least_amount"]) == ("KHAMT", 300)
    assert held.row.starts_at == TEN
