"""Moving a booking to another time."""

from tests.answers import steps
from tests.answers.operations import NOWHERE
from tests.answers.recorder import Recorder
from tests.harness.system.in_process import RETURN_ADDRESSES
from tests.harness.system.setup import raw_events


def moving(it: Recorder) -> None:
    """Another time: for nothing, for more, for less, not at all."""
    it.title("For nothing")
    held = steps.paid(it, steps.day(8))
    path = f"/v1/bookings/{held['id']}/reschedule"
    body = {"starts_at": steps.day(9)}
    it.ask("POST", path, body, of=held, key="move-once-and-never-more")
    it.ask("POST", path, body, of=held, key="move-once-and-never-more")
    it.ask("POST", path, {"starts_at": steps.day(10)}, of=held, key="move-once-and-never-more")
    it.ask("POST", path, body, of=held)
    it.ask("POST", path, {"starts_at": steps.day(10)}, of=held, headers={"if-match": '"1"'})
    mary = it.system.tenant.resources[3]["id"]
    it.ask("POST", path, {"starts_at": steps.day(9), "resource_id": mary}, of=held)
    it.ask(
        "POST", path, {"starts_at": steps.day(9), "resource_id": it.system.studio["id"]}, of=held
    )
    it.ask("POST", path, {"starts_at": steps.day(9), "resource_id": NOWHERE}, of=held)

    it.title("To times that are not free or not offered")
    steps.hold(it, steps.day(10), resource_id=mary)
    for starts_at in (steps.day(10), steps.day(8, "03:00"), steps.day(6), "2031-01-08T10:00:00Z"):
        it.ask("POST", path, {"starts_at": starts_at, "resource_id": mary}, of=held)
    it.ask("POST", path, {"date": "2030-01-12"}, of=held)

    it.title("For more: both times are kept until it is paid")
    it.system.change_prices(1000)
    it.ask("POST", path, {"starts_at": steps.day(15)}, of=held, key="dearer-once-and-never-more")
    it.ask("POST", path, {"starts_at": steps.day(15)}, of=held, key="dearer-once-and-never-more")
    it.ask("POST", path, {"starts_at": steps.day(16)}, of=held)
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(15), resource_id=mary))
    it.ask("DELETE", path, of=held, headers={"if-match": '"1"'})
    it.ask("DELETE", path, of=held)
    it.ask("DELETE", path, of=held)
    it.ask("POST", path, {"starts_at": steps.day(15)}, of=held)
    checkout = f"/v1/bookings/{held['id']}/checkout"
    it.ask("POST", checkout, RETURN_ADDRESSES, of=held)
    steps.show(it, held)
    steps.pay(it, held)
    it.events(steps.COMPLETED)
    steps.show(it, held)

    it.title("For more, given up while its page is open; and one that is left unpaid")
    it.system.change_prices(1000)
    it.ask("POST", path, {"starts_at": steps.day(21)}, of=held)
    it.system.request("POST", checkout, RETURN_ADDRESSES, secret=held["client_secret"])
    it.ask("DELETE", path, of=held)
    it.ask("POST", path, {"starts_at": steps.day(22)}, of=held)
    it.later(10)
    it.sweep()
    it.ask("GET", f"/v1/bookings/{held['id']}", of=held)
    it.ask("POST", checkout, RETURN_ADDRESSES, of=held)

    it.title("For less: a part goes back")
    it.system.change_prices(-2500)
    it.ask("POST", path, {"starts_at": steps.day(23)}, of=held)
    it.sweep("deliver")
    for raw in raw_events(it.system, "refund.created")[-1:]:
        it.webhook("refund.created", raw)
    it.ask("GET", f"/v1/bookings/{held['id']}", by="secret")
    steps.show(it, held)

    it.title("What is not paid, or over, is not moved")
    unpaid = steps.hold(it, steps.day(24))
    it.ask(
        "POST", f"/v1/bookings/{unpaid['id']}/reschedule", {"starts_at": steps.day(25)}, of=unpaid
    )
    it.ask("DELETE", f"/v1/bookings/{unpaid['id']}/reschedule", of=unpaid)
    it.system.request("DELETE", f"/v1/holds/{unpaid['id']}", secret=unpaid["client_secret"])
    it.ask(
        "POST", f"/v1/bookings/{unpaid['id']}/reschedule", {"starts_at": steps.day(25)}, of=unpaid
    )
