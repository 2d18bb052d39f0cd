"""Why a checkout is closed decides what happens to money that arrives all the same."""

from datetime import timedelta

from tests.harness.clients.calls import Api
from tests.harness.database.builders import Tenant


def test_what_was_left_stays_left_when_its_deadline_comes(api: Api, tenant: Tenant) -> None:
    """A late payment of a released booking is refunded, though the time is free.

    Cases: D-2, E-2.6
    """
    checkout = api.checkout(api.hold(tenant.offer()))
    api.call("release_hold", checkout.held.actor, checkout.held.id, None)
    api.database.clock.advance(timedelta(minutes=40))
    swept = api.call("expire_holds", 10)
    ended = api.settle(checkout, "expired")
    settled = api.settle(checkout, "paid")

    assert (swept["closing"], ended, settled) == (1, "released", "refunding")
    assert api.database.value("select reason from core.refunds") == "released"


def test_the_end_of_a_failed_attempt_leaves_the_next_one_alone(api: Api, tenant: Tenant) -> None:
    """Closing a failed attempt does not release a checkout that was begun after it.

    Even if the reason of the closing had not been recorded.

    Cases: E-2.6, D-2
    """
    held = api.hold(tenant.offer())
    failed = api.begin(held)["checkout"]
    effect = api.begin(held, cancel_url="https://a.example/elsewhere")["effect"]
    api.call("attach_checkout", held.actor, held.id, failed["id"], None)
    api.checkout(held)
    api.database.execute("update core.checkouts set close_reason = null where state = 'failed'")

    finished = api.finish(effect, "done", outcome="absent", session=None)

    assert (finished["result"], held.row.status) == ("unchanged", "paying")


def test_once_one_page_has_paid_the_other_is_closed(api: Api, tenant: Tenant) -> None:
    """If a page that was thought closed is paid while the next one is open, that one is closed.

    Cases: E-2.2, E-2.6
    """
    held = api.hold(tenant.offer())
    old = api.checkout(held)
    effect = api.begin(held, cancel_url="https://a.example/elsewhere")["effect"]
    api.finish(effect, "done", outcome="expired", session=old.session())
    new = api.checkout(held, cancel_url="https://a.example/elsewhere")

    settled = api.settle(old, "paid")

    closing = "select checkout_id from core.effects where state = 'pending'"
    assert (settled, api.database.value(closing)) == ("confirmed", new.id)
