"""Two deliverers at once: each effect is performed by one of them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.harness.clients.db_client import Call, DbClient, settle_call
from tests.harness.database import guardless
from tests.harness.laws.invariants import violations

Race = Callable[..., list[Any]]

TEN = "2027-01-11T10:00:00Z"
LEASE_SECONDS = 60


def _claim(limit: int = 10) -> Call:
    return "claim_effects", (limit, LEASE_SECONDS)


def _queue_refunds(db_client: DbClient, number: int) -> None:
    """Bookings that were overpaid: each has a refund queued."""
    for day in range(number):
        _, session = db_client.checkout(f"2027-01-{12 + day}T10:00:00Z")
        db_client.call(settle_call(session | {"amount_total": 9999}, "paid"))


def test_racing_deliverers_share_the_effects(db_client: DbClient, race: Race) -> None:
    """However many deliverers start at once, each effect is claimed by exactly one.

    Cases: E-7.2, E-9.1
    """
    _queue_refunds(db_client, 6)

    outcomes = race(db_client.racers([_claim(2)] * 8))

    claimed = [effect["id"] for batch in outcomes for effect in batch]
    assert (len(claimed), len(set(claimed))) == (6, 6)
    assert violations(db_client.database) == []


def test_a_second_deliverer_passes_by_what_the_first_claims(db_client: DbClient) -> None:
    """An effect that another deliverer is claiming is skipped, without waiting.

    Cases: E-7.2
    """
    _queue_refunds(db_client, 1)

    first, claimed = db_client.begin(_claim())
    # waiting for a lock would take three seconds
    second = db_client.session("claim_effects").send(_claim()).result(2)
    first.commit()

    assert (len(claimed), second) == (1, [])


def test_twin_claims_an_effect_twice(db_client: DbClient) -> None:
    """Without the lock on its row, both deliverers get the effect."""
    guardless.rewrite(
        db_client.database, "api.claim_effects", "        for update skip locked\n", ""
    )
    _queue_refunds(db_client, 1)

    first, claimed = db_client.begin(_claim())
    _, second = db_client.start(_claim())
    first.commit()

    assert [effect["id"] for effect in second.result(10)] == [effect["id"] for effect in claimed]


def test_a_lease_ends(db_client: DbClient) -> None:
    """An effect claimed by a deliverer that died is claimed again after its lease, not before.

    Cases: E-9.1
    """
    _queue_refunds(db_client, 1)
    (first,) = db_client.call(_claim())
    db_client.database.clock.advance(timedelta(seconds=LEASE_SECONDS - 1))
    early = db_client.call(_claim())
    db_client.database.clock.advance(timedelta(seconds=1))

    (second,) = db_client.call(_claim())

    assert early == []
    assert (second["id"], second["attempts"]) == (first["id"], 2)
    assert second["lease"] != first["lease"]


def test_a_lost_lease_cannot_release_the_effect(db_client: DbClient) -> None:
    """A deliverer that outlived its lease cannot release the effect; the new one decides.

    Cases: E-9.1
    """
    _queue_refunds(db_client, 1)
    (old,) = db_client.call(_claim())
    db_client.database.clock.advance(timedelta(seconds=LEASE_SECONDS))
    (new,) = db_client.call(_claim())

    db_client.call(("finish_effect", (old["id"], old["lease"], "retry", {"error": "slow"})))
    db_client.call(("finish_effect", (old["id"], old["lease"], "dead", {"error": "slow"})))

    effect = db_client.database.one("select * from core.effects")
    assert (effect.state, str(effect.lease)) == ("pending", new["lease"])


def test_two_reports_of_one_refund_are_one(db_client: DbClient, race: Race) -> None:
    """Two deliverers that both performed an effect record one refund.

    Cases: E-9.1, E-2.3
    """
    _queue_refunds(db_client, 1)
    (effect,) = db_client.call(_claim())
    done = {"status": "succeeded", "refund": {"id": "re_1"}}
    report: Call = ("finish_effect", (effect["id"], effect["lease"], "done", done))

    race(db_client.racers([report] * 6))

    refund = db_client.database.one("select * from core.refunds")
    succeeded = "select count(*) from audit.booking_events where reason like 'refund succeeded%'"
    assert (refund.status, refund.version) == ("succeeded", 2)
    assert db_client.database.value(succeeded) == 1
    assert violations(db_client.database, quiescent=True) == []
