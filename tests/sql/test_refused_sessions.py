"""A checkout whose session Stripe refuses to make, while its booking is being given up."""

from tests.harness.builders import Tenant
from tests.harness.calls import Api

NO_SESSION = {"outcome": "absent", "session": None}


def test_a_refused_session_does_not_keep_a_released_time(api: Api, tenant: Tenant) -> None:
    """A customer leaves while the session is being made, and Stripe refuses it: the time is free.

    Cases: E-2.6, D-1
    """
    held = api.hold(tenant.offer())
    checkout = api.begin(held)["checkout"]
    effect = api.call("release_hold", held.actor, held.id, None)["effect"]
    api.call("attach_checkout", held.actor, held.id, checkout["id"], None)

    finished = api.finish(effect, "done", **NO_SESSION)

    assert (finished["result"], held.row.status) == ("released", "expired")


def test_a_refused_session_does_not_end_a_hold(api: Api, tenant: Tenant) -> None:
    """Refused by Stripe and then found absent, an attempt makes room for the next one.

    Cases: E-2.6
    """
    held = api.hold(tenant.offer())
    checkout = api.begin(held)["checkout"]
    effect = api.begin(held, cancel_url="https://a.example/elsewhere")["effect"]
    api.call("attach_checkout", held.actor, held.id, checkout["id"], None)

    finished = api.finish(effect, "done", **NO_SESSION)

    assert (finished["result"], held.row.status) == ("unchanged", "paying")
    assert api.begin(held)["next"] == "create"
