"""Following one request through logs, audit trail, outbox, Stripe and database; and retrying by
hand.
"""

import pytest

from tests.harness.stripe.lost_times import lose_time, paid_too_late
from tests.harness.system.in_process import System
from tests.harness.system.setup import TEN, raw_events, take
from tests.harness.system.watched import watched


def test_one_id_leads_through_everything(system: System) -> None:
    """Logs, the audit trail, the effect, Stripe's objects and the database's statistics have one
    id.

    Cases: P-10
    """
    held = system.hold(TEN)
    with watched() as begun:
        answer = system.begin_checkout(held)
    asked = answer.headers["x-request-id"]
    activity = system.database.value(
        "select query from pg_stat_activity where usename = 'holdfast_checkout'"
        " and datname = current_database() order by state_change desc limit 1"
    )
    (session,) = system.double.state()["sessions"]
    lose_time(system, held)
    take(system, held)
    system.pay(session["id"])
    system.deliver_webhooks()
    with watched() as delivered:
        system.run_outbox()
    (refund,) = system.double.state()["refunds"]
    event_id = system.database.value(
        "select request_id from audit.booking_events where actor_role = 'webhook' limit 1"
    )

    assert {line["request_id"] for line in begun.lines} == {asked}
    assert {line.get("booking_id") for line in begun.lines} == {held["id"]}
    assert session["metadata"]["request_id"] == asked
    assert f"/* request_id='{asked}' */" in activity
    trail = "select request_id from audit.booking_events where reason = 'checkout begun'"
    assert system.database.value(trail) == asked
    (line,) = delivered.said("effect performed")
    assert refund["metadata"]["request_id"] == line["decided_by"] == event_id
    assert refund["metadata"]["effect_id"] == line["effect"]
    assert (line["booking_id"], line["tenant_id"]) == (held["id"], refund["metadata"]["tenant_id"])


def test_a_repeat_sends_the_same_bytes(system: System) -> None:
    """Repeats send Stripe the first request's id, from any caller.

    Stripe refuses a key that comes with other parameters; so does the double.

    Cases: E-2.6
    """
    held = system.hold(TEN)
    path = "/v1/checkout/sessions"
    system.double.faults.add("refuse", path=path, method="POST", times=2)
    first = system.begin_checkout(held, idempotency_key="c-1")
    system.double.faults.clear()
    again = system.begin_checkout(held, idempotency_key="c-1")
    (session,) = system.double.state()["sessions"]

    assert (first.status, again.status) == (503, 200)
    assert session["metadata"]["request_id"] == first.headers["x-request-id"]


def test_a_line_never_has_the_path_of_a_request(system: System) -> None:
    """A path may contain a secret, or anything that was typed; the route is enough."""
    with watched() as seen:
        path = "/v1/bookings/grace@example.com?email=grace@example.com"
        system.request("GET", path, key="secret")

    (line,) = seen.said("answered")
    assert line["route"] == "GET /v1/bookings/{booking_id}"
    assert "grace" not in seen.text


# By hand -----------------------------------------------------------------------------------------


def test_a_failed_refund_is_sent_again_by_hand(system: System) -> None:
    """Once: the money is refunded by another refund, and a second try is refused.

    Cases: E-2.3
    """
    system.double.refunds_start_as("pending")
    paid_too_late(system)
    system.run_outbox()
    (refund,) = system.double.state()["refunds"]
    system.double.move_refund(refund["id"], "failed")
    system.deliver_webhooks()
    effect = raw_events(system, "refund.failed")[0]
    system.double.refunds_start_as("succeeded")
    (effect_id,) = system.database.rows("select id from core.effects where refund_id is not null")

    again = system.invoke("deliver", {"retry": str(effect_id[0]), "operator": "ada"})
    with pytest.raises(Exception, match="effect is not retried"):
        system.invoke("deliver", {"retry": str(effect_id[0]), "operator": "ada"})
    system.run_outbox()

    assert again["result"] == "replaced"
    assert str(effect_id[0]).encode() in effect  # Stripe's event names it
    states = "select status from core.refunds order by created_at"
    assert [row.status for row in system.database.rows(states)] == ["failed", "succeeded"]
    assert system.double.state()["refunded"] == {"GBP": 4500}


@pytest.mark.parametrize("event", [{"retry": "all", "operator": "ada"}, {"retry": "0" * 32}])
def test_a_retry_names_one_effect_and_its_operator(system: System, event: dict[str, str]) -> None:
    """Anything else is refused and changes nothing."""
    with pytest.raises(Exception, match=r"ValueError|KeyError"):
        system.invoke("deliver", event)
