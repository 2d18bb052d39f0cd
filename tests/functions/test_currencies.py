"""What the catalogue accepts can be paid, in every currency; what cannot be paid is refused."""

from typing import Any

import pytest

from dev.stripe_double.currencies import MINIMUM
from tests.harness.system.in_process import System
from tests.harness.system.problems import assert_problem, refused
from tests.harness.system.setup import TEN, stripe_refunds

TWO = "2030-01-07T14:00:00Z"
CODES = (
    *("AED", "AUD", "BGN", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS", "INR"),
    *("JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SAR", "SEK", "SGD", "THB"),
    *("TRY", "USD", "VND", "ZAR"),
)


def _least(system: System, code: str) -> int:
    query = "select least_charge from core.currencies where code = %s"
    return int(system.database.value(query, code))


def _offering(system: System, body: dict[str, Any]) -> Any:
    return system.request("POST", "/v1/catalogue/offerings", body, key="secret")


def _sell(system: System, code: str, amount: int, **more: int) -> str:
    """An offering of the tutor's at that price; its id."""
    prices = [{"tier": "standard", "package": "single", "amount": amount, "currency": code}]
    prices += [
        {"tier": tier, "package": "single", "amount": each, "currency": code}
        for tier, each in more.items()
    ]
    made = _offering(system, {"name": "Cheap", "duration_minutes": 30, "prices": prices})
    assert made.status == 201, made
    path = f"/v1/catalogue/resources/{system.resource['id']}"
    resource = system.request("GET", path, key="secret")
    linked = system.request(
        "PATCH",
        path,
        {"offering_ids": [*resource.body["offering_ids"], made.body["id"]]},
        key="secret",
        headers={"if-match": resource.headers["etag"]},
    )
    assert linked.status == 200, linked
    return str(made.body["id"])


def test_the_table_knows_all_currencies(shared_system: System) -> None:
    """All that the catalogue accepts are tried below."""
    rows = shared_system.database.rows("select code from core.currencies order by code")

    assert tuple(row.code for row in rows) == CODES
    assert {code.lower() for code in CODES} <= set(MINIMUM)


@pytest.mark.parametrize("code", CODES)
def test_the_least_that_the_catalogue_takes_can_be_paid(system: System, code: str) -> None:
    """Set, held, paid at Stripe, confirmed; one minor unit less is refused when it is set.

    Cases: E-10.5
    Proves: ASVS 2.2.1
    """
    least = _least(system, code)
    price = {"tier": "standard", "package": "single", "amount": least - 1, "currency": code}
    body = {"name": "Too cheap", "duration_minutes": 30, "prices": [price]}
    answer = refused(system, lambda: _offering(system, body), 422, "amount_not_chargeable")

    assert (answer.body["least_amount"], answer.body["currency"]) == (least, code)

    held = system.hold(TEN, offering_id=_sell(system, code, least))
    system.paid(held)

    assert held["total"] == {"amount": least, "currency": code}
    assert system.confirmation(held)["status"] == "confirmed"
    assert system.double.state()["captured"] == {code: least}


@pytest.mark.parametrize("code", ["SEK", "JPY", "VND", "CZK", "EUR", "GBP"])
def test_a_difference_that_cannot_be_charged_is_waived(system: System, code: str) -> None:
    """Below the least charge the reschedule is free; from it on the difference can be paid.

    Cases: E-10.5
    """
    least = _least(system, code)
    offering = _sell(system, code, 10 * least)
    held = system.paid(system.hold(TEN, offering_id=offering))

    _dearer(system, offering, least - 1)
    waived = system.move(held, TWO)
    _dearer(system, offering, 1)
    asked = system.move(held, TEN)

    assert (waived.status, waived.body["price"]["amount"]) == (200, 10 * least)
    assert (asked.status, asked.body["change"]["difference"]["amount"]) == (202, least)

    system.paid(held)
    assert system.booking(held).amount == 11 * least
    assert system.double.state()["captured"] == {code: 11 * least}
    assert stripe_refunds(system, held) == []


def _dearer(system: System, offering: str, amount: int) -> None:
    query = "update core.prices set amount = amount + %s where offering_id = %s"
    system.database.execute(query, amount, offering)


def _undercut(system: System, offering: str, amount: int) -> None:
    """A price from before its currency had a least charge: no trigger checked it."""
    database = system.database
    database.execute("alter table core.prices disable trigger prices_100_check_amount")
    query = "update core.prices set amount = %s where offering_id = %s and tier = 'standard'"
    database.execute(query, amount, offering)
    database.execute("alter table core.prices enable trigger prices_100_check_amount")


def test_a_price_from_before_stays_is_flagged_and_cannot_be_held(system: System) -> None:
    """The catalogue flags it; a hold and a waitlist entry are refused with the reason."""
    offering = _sell(system, "SEK", 30_000, premium=50_000)
    _undercut(system, offering, 100)
    shown = system.request("GET", f"/v1/catalogue/offerings/{offering}", key="secret").body

    assert [(p["tier"], p["amount"]) for p in shown["prices"]] == [
        ("premium", 50_000),
        ("standard", 100),
    ]
    assert shown["unpayable"] == [
        {
            "tier": "standard",
            "package": "single",
            "reason": "below_least",
            "least_amount": 300,
            "step": 1,
        }
    ]

    body = system.hold_body(TEN, offering_id=offering)
    answer = refused(
        system, lambda: system.request("POST", "/v1/holds", body), 422, "amount_not_chargeable"
    )
    assert (answer.body["least_amount"], answer.body["step"]) == (300, 1)
    assert system.hold(TEN, offering_id=offering, tier="premium")["price"]["amount"] == 50_000


def test_another_price_can_be_changed_beside_one_from_before(system: System) -> None:
    """A price that stays as it is is not checked again; one that changes is."""
    offering = _sell(system, "SEK", 30_000, premium=50_000)
    _undercut(system, offering, 100)

    def change(standard: int, premium: int) -> Any:
        shown = system.request("GET", f"/v1/catalogue/offerings/{offering}", key="secret")
        prices = [
            {"tier": tier, "package": "single", "amount": amount, "currency": "SEK"}
            for tier, amount in (("standard", standard), ("premium", premium))
        ]
        return system.request(
            "PATCH",
            f"/v1/catalogue/offerings/{offering}",
            {"prices": prices},
            key="secret",
            headers={"if-match": shown.headers["etag"]},
        )

    changed = change(100, 60_000)
    assert changed.status == 200, changed
    assert [p["amount"] for p in changed.body["prices"]] == [60_000, 100]
    assert_problem(change(99, 60_000), 422, "amount_not_chargeable")
    assert change(300, 60_000).body["unpayable"] == []


def test_a_hold_from_before_is_refused_at_the_checkout(system: System) -> None:
    """Held at a price that cannot be paid: the answer gives the reason, and does not blame an
    address.
    """
    offering = _sell(system, "SEK", 30_000)
    held = system.hold(TEN, offering_id=offering)
    system.database.execute("update core.bookings set amount = 100 where id = %s", held["id"])

    answer = system.begin_checkout(held)

    assert_problem(answer, 422, "amount_not_chargeable")
    assert "url" not in answer.body["hint"]
    assert system.double.state()["sessions"] == []


def test_what_stripe_finds_too_little_is_reported_as_such(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If Stripe wants more than our table says, the addresses are not blamed either."""
    held = system.hold(TEN)
    monkeypatch.setitem(MINIMUM, "gbp", 5000)

    answer = system.begin_checkout(held)

    assert_problem(answer, 422, "amount_not_chargeable")
    assert "url" not in answer.body["hint"]


def test_amounts_are_multiples_of_their_currencys_step(system: System) -> None:
    """Currencies that Stripe writes with two decimals that must be 00.

    Cases: E-10.5
    """
    system.database.execute(
        "insert into core.currencies (code, minor_digits, least_charge, step)"
        " values ('ISK', 2, 10000, 100)"
    )
    price = {"tier": "standard", "package": "single", "amount": 10_050, "currency": "ISK"}
    body = {"name": "Odd", "duration_minutes": 30, "prices": [price]}
    answer = refused(system, lambda: _offering(system, body), 422, "amount_not_chargeable")
    assert answer.body["step"] == 100

    offering = _sell(system, "ISK", 200_000)
    held = system.paid(system.hold(TEN, offering_id=offering))
    system.database.execute(
        "update core.bookings set amount = 189950 where id = %s", held["id"]
    )  # paid before the currency had its step

    assert system.move(held, TWO).body["change"]["difference"]["amount"] == 10_000
    assert system.checkout(held)[1]
