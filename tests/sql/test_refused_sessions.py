"""A checkout whose session Stripe refuses to make, while its booking is being released."""

from datetime import timedelta

from tests.harness.clients.calls import Api, refused
from tests.harness.database.builders import Tenant
from tests.harness.laws.invariants import violations

NO_SESSION = {"outcome": "absent", "session": None}


def test_a_refused_session_does_not_keep_a_released_time(api: Api, tenant: Tenant) -> None:
    """A customer leaves while the session is being made, and Stripe refuses it: the time is free.

    The effect that was to close the session finds nothing to do.

    Cases: E-2.6, D-1
    """
    held = api.hold(tenant.offer())
    checkout = api.begin(held)["checkout"]
    effect = api.call("release_hold", held.actor, held.id, None)["effect"]

    attached = api.call("attach_checkout", held.actor, held.id, checkout["id"], None)

    assert (attached["booking"]["status"], held.row.status) == ("expired", "expired")
    assert api.database.value("select count(*) from core.occupancies") == 0
    assert api.finish(effect, "done", **NO_SESSION)["result"] == "unchanged"
    assert violations(api.database, quiescent=True) == []


def test_a_released_booking_does_not_go_to_pay_after_a_refusal(api: Api, tenant: Tenant) -> None:
    """The request whose session was refused tries to begin another checkout, and is refused.

    Cases: E-2.6, D-1
    """
    held = api.hold(tenant.offer())
    checkout = api.begin(held)["checkout"]
    api.call("release_hold", held.actor, held.id, None)
    api.call("attach_checkout", held.actor, held.id, checkout["id"], None)

    refusal = refused(lambda: api.begin(held))

    assert refusal.sqlstate == "KHEXP"
    assert api.database.value("select count(*) from core.checkouts") == 1


def test_a_refused_session_after_the_deadline_ends_the_hold(api: Api, tenant: Tenant) -> None:
    """The sweep waits for a session that is being made; Stripe refuses it: the time is free.

    Cases: E-2.6, D-2
    """
    held = api.hold(tenant.offer())
    checkout = api.begin(held)["checkout"]
    api.database.clock.advance(timedelta(minutes=40))
    assert api.call("expire_holds", 10)["closing"] == 1

    attached = api.call("attach_checkout", held.actor, held.id, checkout["id"], None)

    assert attached["booking"]["status"] == "expired"
    assert violations(api.database) == []


def test_a_refused_session_does_not_end_a_hold(api: Api, tenant: Tenant) -> None:
    """An attempt that Stripe refused and does not have makes room for the next one.

    Cases: E-2.6
    """
    held = api.hold(tenant.offer())
    checkout = api.begin(held)["checkout"]
    effect = api.begin(held, cancel_url="https://a.example/elsewhere")["effect"]
    api.call("attach_checkout", held.actor, held.id, checkout["id"], None)

    finished = api.finish(effect, "done", **NO_SESSION)

    assert (finished["result"], held.row.status) == ("unchanged", "paying")
    assert api.begin(held)["next"] == "create"
