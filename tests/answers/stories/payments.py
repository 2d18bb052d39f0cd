"""Checkouts, what Stripe tells of them, and money that comes late."""

from tests.answers import steps
from tests.answers.operations import CATALOGUE
from tests.answers.recorder import Recorder
from tests.harness.stripe.lost_times import lose_time
from tests.harness.system.in_process import RETURN_ADDRESSES
from tests.harness.system.setup import changed, raw_events, take


def paying(it: Recorder) -> None:
    """Payment pages, and what becomes of a booking by each of Stripe's events."""
    it.title("A page is opened, asked for again, and paid")
    held = steps.hold(it)
    path = f"/v1/bookings/{held['id']}/checkout"
    it.ask("POST", path, RETURN_ADDRESSES, of=held, key="pay-once-and-never-more", by="publishable")
    it.ask("POST", path, RETURN_ADDRESSES, of=held, key="pay-once-and-never-more")
    other = RETURN_ADDRESSES | {"cancel_url": "https://studio.example/other"}
    it.ask("POST", path, other, of=held, key="pay-once-and-never-more")
    it.ask("POST", path, RETURN_ADDRESSES, of=held)
    it.ask("POST", path, RETURN_ADDRESSES, of=held, headers={"if-match": '"1"'})
    steps.show(it, held)
    it.ask("POST", path, other, of=held)
    steps.pay(it, held)
    steps.show(it, held)
    it.events(steps.COMPLETED)
    it.events(steps.COMPLETED)
    steps.show(it, held)
    it.ask("GET", f"/v1/bookings/{held['id']}", by="secret")
    it.ask("POST", path, RETURN_ADDRESSES, of=held)
    it.ask("DELETE", f"/v1/holds/{held['id']}", of=held)
    it.ask("GET", f"/v1/bookings?reference={held['reference'].lower()}", by="secret")

    it.title("Addresses that are not the shop's")
    held = steps.hold(it, steps.day(8))
    path = f"/v1/bookings/{held['id']}/checkout"
    for address in ("https://evil.example/x", "http://studio.example/x", "ftp://studio.example/x"):
        it.ask("POST", path, RETURN_ADDRESSES | {"success_url": address}, of=held)
        it.ask("POST", path, RETURN_ADDRESSES | {"cancel_url": address}, of=held, by="secret")

    it.title("A page that expires, and one whose booking is released")
    held = steps.paying(it, steps.day(9))
    it.ask("DELETE", f"/v1/holds/{held['id']}", of=held)
    steps.show(it, held)
    it.events(steps.EXPIRED)
    held = steps.paying(it, steps.day(10))
    it.later(45)
    it.sweep()
    it.sweep("deliver")
    for raw in raw_events(it.system, steps.EXPIRED)[-1:]:
        it.webhook(steps.EXPIRED, raw)
    steps.show(it, held)
    it.ask("POST", f"/v1/bookings/{held['id']}/checkout", RETURN_ADDRESSES, of=held)

    it.title("Released when it is already paid at Stripe, whose event is not here yet")
    held = steps.paying(it, steps.day(14))
    steps.pay(it, held)
    it.ask("DELETE", f"/v1/holds/{held['id']}", of=held)
    steps.show(it, held)
    it.events(steps.COMPLETED)

    it.title("A bank that takes days")
    it.system.offer_delayed_methods()
    for how in ("succeed", "fail"):
        held = steps.paying(it, steps.day(15 if how == "fail" else 16))
        steps.pay(it, held, "delayed")
        it.events(steps.COMPLETED)
        steps.show(it, held)
        it.ask("DELETE", f"/v1/holds/{held['id']}", of=held)
        it.system.double.settle(it.system.session_id(held), how)
        it.happens(f"the bank decides: {how}")
        ending = "async_payment_succeeded" if how == "succeed" else "async_payment_failed"
        it.events(f"checkout.session.{ending}")
        steps.show(it, held)


def late(it: Recorder) -> None:
    """Money that comes for a time that is gone, or of another amount; refunds and their ends."""
    it.title("Paid late, and the time is still free")
    held = steps.paying(it, steps.day(8))
    lose_time(it.system, held)
    steps.pay(it, held)
    it.events(steps.COMPLETED)
    steps.show(it, held)

    it.title("Paid late, and the time is another's")
    held = steps.paying(it, steps.day(9))
    lose_time(it.system, held)
    take(it.system, held)
    steps.pay(it, held)
    it.events(steps.COMPLETED)
    it.events(steps.COMPLETED)
    steps.show(it, held)
    it.sweep("deliver")
    steps.show(it, held)
    for type_ in ("refund.created", "refund.updated"):
        for raw in raw_events(it.system, type_)[-1:]:
            it.webhook(type_, raw)
            it.webhook(f"{type_} again", raw)
    it.ask("GET", f"/v1/bookings/{held['id']}", of=held)

    for end in ("succeeded", "failed"):
        it.title(f"A refund that is pending first: {end}")
        it.system.double.refunds_start_as("pending")
        held = steps.paying(it, steps.day(10 if end == "failed" else 11))
        lose_time(it.system, held, close_reason="released" if end == "failed" else "deadline")
        take(it.system, held)
        steps.pay(it, held)
        it.events(steps.COMPLETED)
        it.sweep("deliver")
        steps.show(it, held)
        newest = (
            "select stripe_refund_id from core.refunds order by created_at desc, id desc limit 1"
        )
        it.system.double.move_refund(it.system.database.value(newest), end)
        for raw in raw_events(it.system)[-2:]:
            it.webhook("what follows", raw)
        steps.show(it, held)
        it.system.double.refunds_start_as(None)

    it.title("Another amount than the booking costs")
    held = steps.paying(it, steps.day(14))
    it.system.database.execute(
        "update core.bookings set amount = amount + 100 where id = %s", held["id"]
    )
    steps.pay(it, held)
    it.events(steps.COMPLETED)
    steps.show(it, held)

    it.title("A customer who has what she may have")
    held = steps.paying(it, steps.day(15))
    path = f"{CATALOGUE}/resources/{it.system.resource['id']}"
    it.ask("PATCH", path, {"customer_limit": 1}, by="secret", headers={"if-match": "*"})
    lose_time(it.system, held)
    steps.pay(it, held)
    it.events(steps.COMPLETED)
    steps.show(it, held)


def webhook(it: Recorder) -> None:
    """Deliveries that are not Stripe's, not ours, or not readable."""
    held = steps.paying(it)
    it.system.pay(it.system.session_id(held))
    (raw,) = raw_events(it.system, steps.COMPLETED)

    it.title("Signatures")
    for name, value in (
        ("none", {}),
        ("an empty one", {"stripe-signature": ""}),
        ("nonsense", {"stripe-signature": "nonsense"}),
        ("of another secret", {"stripe-signature": "t=1893456000,v1=" + "0" * 64}),
    ):
        it.webhook(f"signature: {name}", raw, value)
    it.webhook("too large", b"x" * 200_000, {"stripe-signature": "t=1,v1=0"})

    it.title("Events that cannot be read")
    for name, body in (
        ("nothing", b""),
        ("no JSON", b"{"),
        ("no UTF-8", b"\xff"),
        ("a list", b"[]"),
        ("no event", b'{"id": "evt_x"}'),
        ("NUL", changed(raw, {"client_reference_id": "a\u0000b"})),
    ):
        it.webhook(name, body)
    for top in (
        {"api_version": "2020-08-27"},
        {"api_version": None},
        {"livemode": True},
        {"type": "customer.created"},
        {"type": None},
        {"id": None},
        {"data": {}},
        {"data": None},
        {"created": "x"},
        {"object": "charge"},
    ):
        it.webhook(str(top), changed(raw, {}, **top))

    it.title("Sessions that are not ours, or not as we made them")
    for object_ in (
        {"id": "cs_test_x", "client_reference_id": None, "metadata": {}},
        {"id": "cs_test_x", "metadata": None},
        {"id": "cs_test_x", "client_reference_id": "order-1", "metadata": {}},
        {"id": "cs_test_x"},
        {"payment_status": "unpaid"},
        {"payment_status": "odd"},
        {"amount_total": None},
        {"amount_total": "x"},
        {"currency": None},
        {"payment_intent": None},
        {"payment_intent": 7},
        {"metadata": 7},
        {"status": "open"},
    ):
        it.webhook(f"an object with {object_}", changed(raw, object_))
        steps.show(it, held)
    it.webhook("as it was", raw)
    steps.show(it, held)
    for type_ in ("refund.created", "refund.updated", "refund.failed", "charge.refunded"):
        refund = {"id": "re_x", "object": "refund", "status": "succeeded", "metadata": {}}
        it.webhook(f"{type_} of nothing of ours", changed(raw, refund, type=type_))
