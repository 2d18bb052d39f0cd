"""Bookings as a server reads them, and people who are erased."""

from datetime import timedelta

from tests.answers import steps
from tests.answers.operations import CUSTOMER
from tests.answers.recorder import Recorder


def people(it: Recorder) -> None:
    """Lists of bookings for servers; exports and erasures."""
    it.title("Bookings, page by page")
    held = [steps.hold(it, steps.day(day)) for day in (8, 9, 10)]
    paid = steps.paid(it, steps.day(11))
    page = it.ask("GET", "/v1/bookings?limit=2", by="secret")
    while page.body["next_cursor"]:
        page = it.ask("GET", f"/v1/bookings?limit=2&cursor={page.body['next_cursor']}", by="secret")
    for query in (
        "status=scheduled",
        f"from={steps.day(9)}&to={steps.day(10)}&status=held",
        f"resource_id={it.system.studio['id']}",
        f"reference={held[0]['reference']}",
        "reference=AAAA-AAAA",
        f"from={steps.day(10)}&to={steps.day(9)}",
    ):
        it.ask("GET", f"/v1/bookings?{query}", by="secret")
    it.ask("GET", "/v1/bookings", by="other secret")

    it.title("A person")
    email = {"email": CUSTOMER["email"]}
    it.ask("POST", "/v1/customers/export", {"email": "Grace+1@Example.com"}, by="secret")
    it.ask("POST", "/v1/customers/export", email, by="secret")
    it.ask("POST", "/v1/customers/export", email | {"cursor": "nonsense"}, by="secret")
    it.ask("POST", "/v1/customers/export", email, by="other secret")
    it.ask("POST", "/v1/customers/erasure", email, by="secret")
    for each in held:
        it.ask("DELETE", f"/v1/holds/{each['id']}", of=each)
    it.system.advance(timedelta(days=30))
    it.happens("30 days later")
    it.sweep()
    it.ask("POST", "/v1/customers/erasure", email, by="secret")
    it.ask("GET", f"/v1/bookings/{paid['id']}", by="secret")
    it.ask("GET", f"/v1/bookings/{held[0]['id']}", by="secret")
    it.ask("POST", "/v1/customers/erasure", email, by="secret")
    it.ask("POST", "/v1/customers/export", email, by="secret")
