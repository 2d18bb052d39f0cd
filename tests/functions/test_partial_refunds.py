"""A part of a payment is refunded once: Stripe itself would not refuse to send it twice."""

import pytest

from tests.harness.laws.invariants import violations
from tests.harness.system.in_process import System
from tests.harness.system.setup import minutes, stripe_refunds

LATER = "2030-01-07T14:00:00Z"


@pytest.mark.parametrize("kind", ["timeout_after", "500_after"])
def test_a_part_whose_refund_was_not_answered_goes_back_once(system: System, kind: str) -> None:
    """The refund was made, its answer lost: the repeat is the same request, and the same refund.

    Cases: E-2.3, E-9.1
    """
    held = system.paid()
    system.change_prices(-1000)
    system.double.faults.add(kind, method="POST", path="/v1/refunds", times=2)
    assert system.move(held, LATER).status == 200

    for _ in range(2):
        system.run_outbox()
        system.advance(minutes(2))

    assert [refund["amount"] for refund in stripe_refunds(system, held)] == [1000]
    assert system.database.value("select state from core.effects") == "done"
    assert violations(system.database, system.double) == []
