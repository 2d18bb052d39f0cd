"""api.retry_effect: a person has a dead effect performed again, and money is refunded at most
once.
"""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.clients.calls import Api, call, refund_object, refused, stripe_event
from tests.harness.database.builders import Tenant
from tests.harness.database.concurrency import race


def leased(api: Api, tenant: Tenant) -> Any:
    """The refund of a wrong sum, leased by a worker."""
    checkout = api.checkout(api.hold(tenant.offer()))
    assert api.settle(checkout, "paid", amount_total=1000) == "refunding"
    (effect,) = api.claim()
    return effect


def dead(api: Api, tenant: Tenant) -> Any:
    effect = leased(api, tenant)
    api.finish(effect, "dead", error="charge_disputed")
    return effect


def bounced(api: Api, tenant: Tenant) -> Any:
    """A refund that the bank returned."""
    effect = leased(api, tenant)
    api.finish(effect, "done", status="failed", refund={"id": "re_1"})
    return effect


def retry(api: Api, effect: Any) -> Any:
    return api.call("retry_effect", effect["id"], "ada")


def test_the_dead_is_due_at_once_with_its_old_key(api: Api, tenant: Tenant) -> None:
    """The same row, with its first pause: if it was performed after all, its key shows it.

    Cases: E-9.1
    """
    effect = dead(api, tenant)
    api.database.clock.advance(timedelta(days=2))

    again = retry(api, effect)
    (claimed,) = api.claim()

    assert again == {
        "result": "revived",
        "effect": effect["id"],
        "booking_id": effect["booking_id"],
        "tenant_id": str(tenant.id),
    }
    assert (claimed["id"], claimed["key"], claimed["attempts"]) == (effect["id"], effect["key"], 1)


def test_a_failed_refund_is_replaced_by_another(api: Api, tenant: Tenant) -> None:
    """Of the same payment, sum and reason; it counts against the payment, and names the person.

    Cases: E-2.3
    """
    effect = bounced(api, tenant)

    again = retry(api, effect)
    (claimed,) = api.claim()

    failed, other = api.database.rows("select * from core.refunds order by status = 'queued'")
    assert again["result"] == "replaced"
    assert again["effect"] == claimed["id"] != effect["id"]
    assert claimed["request_id"] == "operator:ada"
    assert (failed.status, failed.replaced_by) == ("failed", other.id)
    assert (other.payment_id, other.amount, other.reason) == (
        *(failed.payment_id, failed.amount, failed.reason),
    )
    assert api.database.value("select amount_refunded from core.payments") == 1000


def test_a_failure_known_only_by_an_event_is_replaced_too(api: Api, tenant: Tenant) -> None:
    """The old effect has nothing left to do; only the new one is performed."""
    effect = leased(api, tenant)
    api.finish(effect, "done", status="pending", refund={"id": "re_1"})
    refund = refund_object(effect["refund"], tenant, "re_1")
    api.call("settle_refund", stripe_event(), "failed", refund)

    again = retry(api, effect)
    api.database.clock.advance(timedelta(days=1))

    assert [claimed["id"] for claimed in api.claim()] == [again["effect"]]


def test_twice_is_once(api: Api, tenant: Tenant) -> None:
    """For both kinds the second call is refused, and nothing more is refunded.

    Cases: E-2.3
    """
    for effect in (dead(api, tenant), bounced(api, tenant)):
        retry(api, effect)
        assert refused(retry, api, effect).sqlstate == "KHSTA"

    assert api.database.value("select count(*) from core.refunds") == 3


def test_two_persons_at_once_send_one_refund(api: Api, tenant: Tenant) -> None:
    """One of them is refused: it was done already.

    Cases: E-2.3
    """
    effect = bounced(api, tenant)
    persons = [api.database.connect("holdfast_deliver", autocommit=True) for _ in range(8)]

    outcomes = race([partial(call, p, "retry_effect", effect["id"], "ada") for p in persons])
    for person in persons:
        person.close()

    assert len([outcome for outcome in outcomes if isinstance(outcome, dict)]) == 1
    assert api.database.value("select count(*) from core.refunds where status = 'queued'") == 1


def test_money_that_went_back_another_way_is_not_sent_again(api: Api, tenant: Tenant) -> None:
    """The payment was refunded meanwhile: the constraint refuses, and nothing changes."""
    effect = bounced(api, tenant)
    api.database.execute("update core.payments set amount_refunded = amount")

    assert refused(retry, api, effect).constraint == "payments_refunds_within_capture"
    assert api.database.value("select count(*) from core.refunds") == 1


@pytest.mark.parametrize("verdict", ["done", "retry"])
def test_what_is_well_or_under_way_is_left_alone(api: Api, tenant: Tenant, verdict: str) -> None:
    """KHSTA, and nothing changes."""
    effect = leased(api, tenant)
    api.finish(effect, verdict, status="succeeded", refund={"id": "re_1"}, error="late")
    before = api.database.one("select * from core.effects")

    assert refused(retry, api, effect).sqlstate == "KHSTA"
    assert api.database.one("select * from core.effects") == before


def test_an_unknown_effect_is_not_found(api: Api) -> None:
    """KHNTF."""
    assert refused(lambda: api.call("retry_effect", uuid4(), "ada")).sqlstate == "KHNTF"


def test_an_effect_records_its_cause(api: Api, tenant: Tenant) -> None:
    """The request, event or person in whose transaction it was written; null for a sweep."""
    checkout = api.checkout(api.hold(tenant.offer()))
    event = stripe_event()
    api.call("settle_checkout", event, "paid", checkout.session(amount_total=1000))
    left = api.checkout(api.hold(tenant.offer()))
    api.call("release_hold", left.held.actor, left.held.id, None)
    api.checkout(api.hold(tenant.offer()))
    api.database.clock.advance(timedelta(minutes=40))
    api.call("expire_holds", 10)

    rows = api.database.rows("select kind, request_id from core.effects order by created_at")
    assert [tuple(row) for row in rows] == [
        ("refund_payment", event["id"]),
        ("expire_session", left.held.actor["request_id"]),
        ("expire_session", None),
    ]
