"""After a restore Stripe and DynamoDB remember what the database has forgotten.

`dev.cloud.after_restore`, used as in docs/restoring.md, ends with every payment in a booking,
refunded, or named to an operator.
"""

from datetime import timedelta
from typing import Any

import pytest

from dev.cloud.after_restore import NotTold, Report
from tests.harness.laws.invariants import violations
from tests.harness.system.aftermath import settle_down
from tests.harness.system.setup import stripe_refunds
from tests.restore.restoration import (
    Restoration,
    captured,
    differences,
    payment_intent,
    standing,
    unaccounted,
)
from tests.restore.story import Story


def test_every_payment_of_the_lost_time_ends_well(story: Story) -> None:
    """A page that the database knows was paid: confirmed. A booking that is gone, or whose checkout
    is: the money is refunded. A refund that was made in that time is not made again.

    Cases: P-16, D-2, E-9.1
    """
    system = story.system
    kept, owed, looking, held = story.hold(7), story.hold(8), story.hold(10), story.hold(11)
    story.pay(kept)
    story.pay(owed)
    story.move_for_less(owed, 9)  # its refund waits in the outbox
    _, page = system.checkout(looking)
    restoration = Restoration(story)
    system.run_outbox()
    system.pay(page)
    system.deliver_webhooks()
    story.pay(held)
    gone = story.hold(14)
    story.pay(gone)
    restoration.restore(took=timedelta(hours=2))
    forgotten = [standing(system, one) for one in (looking, held, gone)]
    before = unaccounted(system, Report())

    report = restoration.catch_up(give_back=True)
    again = restoration.catch_up(give_back=True)
    settle_down(system)

    assert forgotten == [("paying", "unpaid"), ("held", "unpaid"), None]
    assert before == sorted(one["id"] for one in (looking, held, gone))
    assert [standing(system, one) for one in (kept, owed, looking, held, gone)] == [
        ("scheduled", "paid"),
        ("scheduled", "paid"),
        ("scheduled", "paid"),
        ("expired", "unpaid"),
        None,
    ]
    assert (len(stripe_refunds(system, owed)), len(report.given_back)) == (1, 2)
    assert (again.given_back, again.findings, report.findings) == ([], [], [])
    assert unaccounted(system, Report()) == []
    assert violations(system.database, quiescent=True) == []


def test_what_was_not_refunded_is_found_the_next_day(story: Story) -> None:
    """Without the procedure, the daily comparison names the money of each lost booking, and settles
    what the database knows.

    Cases: P-16
    """
    system = story.system
    looking = story.hold(7)
    _, page = system.checkout(looking)
    restoration = Restoration(story)
    system.pay(page)
    gone = story.hold(8)
    story.pay(gone)
    restoration.restore(took=timedelta(hours=2))

    found = differences(system)

    assert found == {("payment_unknown", payment_intent(system, gone))}
    assert standing(system, looking) == ("scheduled", "paid")


def test_a_page_of_the_lost_time_is_closed(story: Story) -> None:
    """The page of a lost booking can no longer be paid; a page from before can still be paid, and
    confirms.

    Cases: P-16, E-2.6
    """
    system = story.system
    looking = story.hold(7)
    _, page = system.checkout(looking)
    system.advance(timedelta(minutes=2))  # the last minute counts as lost, in case clocks differ
    restoration = Restoration(story)
    _, lost_page = system.checkout(story.hold(8))
    restoration.restore(took=timedelta(minutes=5))

    report = restoration.catch_up(give_back=True)
    system.pay(page)
    system.deliver_webhooks()

    assert report.closed == [lost_page]
    assert standing(system, looking) == ("scheduled", "paid")
    assert unaccounted(system, Report()) == []


def test_nothing_is_given_back_unasked(story: Story) -> None:
    """Without --give-back the money that belongs to no booking is named, and stays; what the
    database knows is settled all the same.
    """
    system = story.system
    looking = story.hold(7)
    _, page = system.checkout(looking)
    restoration = Restoration(story)
    system.pay(page)
    system.deliver_webhooks()
    gone = story.hold(8)
    story.pay(gone)
    _, lost_page = system.checkout(story.hold(9))
    restoration.restore(took=timedelta(minutes=5))
    before = captured(system)

    report = restoration.catch_up(give_back=False)

    assert [finding.booking_id for finding in report.findings] == [gone["id"]]
    assert (report.closed, report.given_back, captured(system)) == ([], [], before)
    assert lost_page in [
        one["id"] for one in system.double.state()["sessions"] if one["status"] == "open"
    ]
    assert standing(system, looking) == ("scheduled", "paid")


def test_a_person_hears_of_what_only_a_person_can_decide(story: Story) -> None:
    """A refund for a forgotten reschedule is named each time. A payment that is still pending is
    named until its end is known, and is then refunded.

    Cases: P-16, E-9.1
    """
    system = story.system
    moved = story.hold(7)
    story.pay(moved)
    restoration = Restoration(story)
    story.move_for_less(moved, 8)
    system.run_outbox()
    system.offer_delayed_methods()
    slow = story.hold(9)
    session_id = story.pay(slow, "delayed")
    restoration.restore(took=timedelta(hours=2))

    first = restoration.catch_up(give_back=True)
    system.pay(session_id, "succeed")
    system.deliver_webhooks()
    before = unaccounted(system, Report())
    second = restoration.catch_up(give_back=True)

    assert [f.booking_id for f in first.findings] == [slow["id"], moved["id"]]
    assert before == sorted([slow["id"], moved["id"]])
    assert [(f.booking_id, f.amount) for f in second.findings] == [(moved["id"], 1000)]
    assert unaccounted(system, second) == []
    system.advance(timedelta(hours=2))
    assert ("refund_unknown", second.findings[0].stripe_id) in differences(system)


def test_what_the_webhook_did_not_take_is_not_given_back(story: Story) -> None:
    """With a wrong secret nothing is replayed, so nothing is refunded."""
    restoration = Restoration(story)
    story.pay(story.hold(7))
    restoration.restore(took=timedelta(minutes=5))
    before = captured(story.system)

    with pytest.raises(NotTold, match="400"):
        restoration.catch_up(give_back=True, secret="whsec_of_another_endpoint")

    assert captured(story.system) == before


def test_what_the_database_should_know_is_not_given_back(story: Story) -> None:
    """A payment older than the given time, and yet unknown: the time is wrong, or it is another
    deployment's database. An operator must look.
    """
    restoration = Restoration(story)
    gone = story.hold(7)
    story.pay(gone)
    restoration.restore(took=timedelta(hours=2))
    before = captured(story.system)
    late = restoration.since + timedelta(minutes=30)

    report = restoration.catch_up(give_back=True, since=late)

    assert [finding.booking_id for finding in report.findings] == [gone["id"]]
    assert captured(story.system) == before


def test_a_key_of_the_lost_time_makes_a_new_booking(story: Story) -> None:
    """A repeated key of a lost request makes a new booking, whatever DynamoDB remembers.

    An earlier key still gets the booking it made.

    Cases: P-16, D-3
    """
    system = story.system

    def ask(day: int, key: str) -> dict[str, Any]:
        customer = {"name": "Grace Hopper", "email": f"grace{day}@example.com"}
        body = system.hold_body(f"2030-01-{day:02}T10:00:00Z", customer=customer)
        answer = system.request("POST", "/v1/holds", body, idempotency_key=key)
        assert answer.status == 201, answer
        held: dict[str, Any] = answer.body
        return held

    def status(held: dict[str, Any]) -> int:
        path = f"/v1/bookings/{held['id']}"
        return system.request("GET", path, secret=held["client_secret"]).status

    keys = [f"{name}-0123456789abcdef" for name in ("early", "late")]
    early = ask(7, keys[0])
    restoration = Restoration(story)
    late = ask(8, keys[1])
    restoration.restore(took=timedelta(minutes=1))
    gone = status(late)
    again = ask(8, keys[1])

    forgotten = restoration.forget_answers()

    assert gone == 404
    assert (again["id"] != late["id"], status(again)) == (True, 200)
    assert forgotten >= 2
    assert ask(7, keys[0])["id"] == early["id"]
    assert ask(8, keys[1])["id"] == again["id"]
