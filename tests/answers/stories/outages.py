"""What does not answer: Stripe, DynamoDB, the database."""

from tests.answers import steps
from tests.answers.recorder import Recorder
from tests.harness.system.in_process import RETURN_ADDRESSES


def outages(it: Recorder) -> None:
    """What is not there, and what is out of order."""
    held = steps.hold(it)
    it.title("Routes")
    for method, path in (
        ("GET", "/health"),
        ("HEAD", "/health"),
        ("POST", "/health"),
        ("GET", "/v1/nothing"),
        ("PUT", "/v1/holds"),
        ("GET", f"/v1/holds/{held['id']}"),
    ):
        it.ask(method, path, by=None)
    it.title("The database is out of reach")
    it.system.database_at("postgresql://holdfast@127.0.0.1:1/none")
    it.ask("GET", "/health", by=None)
    it.ask("GET", "/v1/resources")
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(8)))
    it.ask("GET", f"/v1/bookings/{held['id']}", of=held)
    it.system.database_at(None)
    it.title("Stripe is out of reach")
    it.system.double.faults.add("status", method="POST", path="/v1/checkout/sessions", times=None)
    it.ask("POST", f"/v1/bookings/{held['id']}/checkout", RETURN_ADDRESSES, of=held)
    it.system.double.faults.clear()
    it.system.double.faults.add(
        "status", method="POST", path="/v1/checkout/sessions", status=400, times=None
    )
    it.ask("POST", f"/v1/bookings/{held['id']}/checkout", RETURN_ADDRESSES, of=held)
    it.system.double.faults.clear()
    it.ask("POST", f"/v1/bookings/{held['id']}/checkout", RETURN_ADDRESSES, of=held)
