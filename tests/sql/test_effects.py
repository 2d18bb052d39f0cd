"""api.claim_effects and api.finish_effect: the outbox's leases, retries and results."""

from datetime import timedelta
from functools import partial
from typing import Any, cast
from uuid import uuid4

import pytest

from tests.harness.clients.calls import Api, Checkout, call, refused
from tests.harness.database.builders import Tenant
from tests.harness.database.concurrency import race

MINUTE = timedelta(minutes=1)


def refunding(api: Api, tenant: Tenant) -> Checkout:
    """A checkout paid with a wrong sum: one refund is in the outbox."""
    checkout = api.checkout(api.hold(tenant.offer()))
    assert api.settle(checkout, "paid", amount_total=1000) == "refunding"
    return checkout


def effect_row(api: Api) -> Any:
    """The only effect's row."""
    return api.database.one("select * from core.effects")


def test_an_effect_comes_with_all_that_is_needed(api: Api, tenant: Tenant) -> None:
    """A claimed refund contains everything needed to perform it.

    Cases: E-9.1
    """
    checkout = refunding(api, tenant)

    (effect,) = api.claim()

    refund = api.database.one("select * from core.refunds")
    assert effect["key"] == f"refund_payment:{refund.id}"
    assert effect["refund"] == {
        "id": str(refund.id),
        "booking_id": str(checkout.held.id),
        "payment_intent_id": f"pi_{checkout.session_id}",
        "amount": 1000,
        "currency": "EUR",
        "reason": "amount_mismatch",
        "stripe_refund_id": None,
    }
    assert (effect["tenant_id"], effect["attempts"]) == (str(tenant.id), 1)


def test_a_leased_effect_is_not_claimed_again(api: Api, tenant: Tenant) -> None:
    """It can be claimed again when the lease ends, under a new lease."""
    refunding(api, tenant)

    (first,) = api.claim(lease_seconds=60)
    api.database.clock.advance(timedelta(seconds=59))
    during = api.claim()
    api.database.clock.advance(timedelta(seconds=1))
    (second,) = api.claim()

    assert during == []
    assert second["id"] == first["id"]
    assert second["lease"] != first["lease"]
    assert second["attempts"] == 2


@pytest.mark.parametrize("verdict", ["retry", "dead"])
def test_a_stale_lease_decides_nothing(api: Api, tenant: Tenant, verdict: str) -> None:
    """A worker that outlived its lease cannot postpone or bury an effect that another has
    claimed.
    """
    refunding(api, tenant)
    (stale,) = api.claim(lease_seconds=60)
    api.database.clock.advance(MINUTE)
    api.claim()
    before = effect_row(api)

    api.finish(stale, verdict, error="timed out")

    assert effect_row(api) == before


def test_what_is_done_is_done_under_any_lease(api: Api, tenant: Tenant) -> None:
    """A stale lease may still report success: the money has been refunded."""
    refunding(api, tenant)
    (stale,) = api.claim(lease_seconds=60)
    api.database.clock.advance(MINUTE)
    api.claim()

    api.finish(stale, "done", status="succeeded", refund={"id": "re_1"})

    assert effect_row(api).state == "done"
    assert api.database.value("select status from core.refunds") == "succeeded"


def test_pauses_grow_and_are_capped(api: Api, tenant: Tenant) -> None:
    """Each pause is about twice the one before, a quarter more or less, and at most 75 minutes."""
    refunding(api, tenant)
    pauses = []
    for _ in range(16):
        (effect,) = api.claim()
        api.finish(effect, "retry", error="connection refused")
        row = effect_row(api)
        pauses.append((row.due_at - api.database.clock.now()).total_seconds())
        api.database.clock.set(row.due_at)

    nominal = [min(3600, 2 * 2 ** min(attempt, 12)) for attempt in range(1, 17)]
    assert nominal[:2] == [4, 8]
    for pause, expected in zip(pauses, nominal, strict=True):
        assert 0.75 * expected <= pause <= 1.25 * expected


def test_a_retry_is_not_claimed_before_it_is_due(api: Api, tenant: Tenant) -> None:
    """The pause applies to every worker, and the error is stored for an operator."""
    refunding(api, tenant)
    (effect,) = api.claim()

    api.finish(effect, "retry", error="x" * 2000)

    row = effect_row(api)
    assert api.claim() == []
    assert (row.state, row.lease) == ("pending", None)
    assert len(row.last_error) == 1000


def test_the_dead_stay_dead(api: Api, tenant: Tenant) -> None:
    """It is never claimed again, and a late retry does not revive it; a late success does count."""
    refunding(api, tenant)
    (effect,) = api.claim()
    api.finish(effect, "dead", error="no such payment")
    api.database.clock.advance(timedelta(days=7))

    claimed = api.claim()
    api.finish(effect, "retry", error="late")
    after_retry = effect_row(api).state
    api.finish(effect, "done", status="succeeded", refund={"id": "re_1"})

    assert claimed == []
    assert after_retry == "dead"
    assert effect_row(api).state == "done"


def test_the_done_are_done_once(api: Api, tenant: Tenant) -> None:
    """The same success reported twice changes nothing more."""
    refunding(api, tenant)
    (effect,) = api.claim()

    for _ in range(2):
        api.finish(effect, "done", status="succeeded", refund={"id": "re_1"})

    payment = api.database.one("select * from core.payments")
    assert payment.amount_refunded == 1000
    assert api.database.value("select count(*) from core.refunds") == 1


def test_the_oldest_come_first_and_no_more_than_asked(api: Api, tenant: Tenant) -> None:
    """By due time, p_limit a call."""
    for _ in range(3):
        refunding(api, tenant)
        api.database.clock.advance(timedelta(seconds=1))

    claimed = [effect["id"] for _ in range(2) for effect in api.claim(2)]

    ordered = api.database.rows("select id from core.effects order by created_at")
    assert claimed == [str(identifier) for (identifier,) in ordered]


def test_workers_claim_disjoint_effects(api: Api, tenant: Tenant) -> None:
    """Any number of copies may run: each effect is claimed once.

    Cases: E-7.2
    """
    for _ in range(12):
        refunding(api, tenant)
    workers = [api.database.connect("holdfast_deliver", autocommit=True) for _ in range(4)]

    outcomes = race([partial(call, c, "claim_effects", 12, 60) for c in workers])
    for connection in workers:
        connection.close()

    claimed = [effect["id"] for outcome in outcomes for effect in cast("list[Any]", outcome)]
    assert len(claimed) == 12
    assert len(set(claimed)) == 12


def test_an_unknown_effect_is_not_found(api: Api) -> None:
    """KHNTF, and nothing else happens."""
    refusal = refused(lambda: api.call("finish_effect", uuid4(), uuid4(), "done", {}))

    assert (refusal.sqlstate, refusal.hint) == ("KHNTF", "check the id")


def test_closing_again_revives_a_finished_effect(api: Api, tenant: Tenant) -> None:
    """A checkout has one closing effect, by its key: asked again while payable, it runs again."""
    checkout = api.checkout(api.hold(tenant.offer()))
    first = api.call("release_hold", checkout.held.actor, checkout.held.id, None)["effect"]
    api.finish(first, "dead", error="gone")

    second = api.call("release_hold", checkout.held.actor, checkout.held.id, None)["effect"]

    assert second["id"] == first["id"]
    assert second["attempts"] == 1
    assert api.database.value("select count(*) from core.effects") == 1
