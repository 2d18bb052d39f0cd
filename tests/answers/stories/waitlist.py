"""Waiting for a time."""

from tests.answers import steps
from tests.answers.recorder import Recorder


def waiting(it: Recorder) -> None:
    """The waitlist: places, offers, and how they end."""
    it.title("A time that is free is not waited for")
    it.ask("POST", "/v1/waitlist", steps.lesson(it))
    it.ask("POST", "/v1/waitlist", steps.request(it, 0, date="2030-01-08"))
    it.title("Two wait for one that is taken")
    held = steps.hold(it)
    first = it.ask("POST", "/v1/waitlist", steps.lesson(it), key="wait-once-and-never-more").body
    it.ask("POST", "/v1/waitlist", steps.lesson(it), key="wait-once-and-never-more")
    it.ask("POST", "/v1/waitlist", steps.lesson(it, steps.day(8)), key="wait-once-and-never-more")
    twin = it.ask("POST", "/v1/waitlist", steps.lesson(it)).body
    it.ask("DELETE", f"/v1/waitlist/{twin['id']}", of=twin)
    emmy = {"name": "Emmy Noether", "email": "emmy@example.com"}
    second = it.ask("POST", "/v1/waitlist", steps.lesson(it, customer=emmy), by="secret").body
    it.ask("POST", "/v1/waitlist", steps.lesson(it, customer=emmy), by="secret")
    it.ask("GET", f"/v1/waitlist/{second['id']}", of=second)
    it.ask("GET", f"/v1/waitlist/{second['id']}", of=first)
    it.ask("GET", "/v1/waitlist", by="secret")
    page = it.ask("GET", "/v1/waitlist?limit=1&state=waiting", by="secret")
    it.ask("GET", f"/v1/waitlist?limit=1&cursor={page.body['next_cursor']}", by="secret")
    it.ask("GET", f"/v1/waitlist?resource_id={it.system.studio['id']}", by="secret")

    it.title("The time is given back, and offered")
    it.ask("DELETE", f"/v1/holds/{held['id']}", of=held)
    it.sweep("offer_waiting")
    it.ask("GET", f"/v1/waitlist/{first['id']}", of=first)
    it.ask("GET", f"/v1/waitlist/{second['id']}", of=second)
    it.ask("POST", "/v1/holds", steps.lesson(it))
    it.ask("DELETE", f"/v1/waitlist/{first['id']}", of=first, headers={"if-match": '"1"'})
    it.ask("DELETE", f"/v1/waitlist/{first['id']}", of=first)
    it.ask("DELETE", f"/v1/waitlist/{first['id']}", of=first)
    it.sweep("offer_waiting")
    offered = it.ask("GET", f"/v1/waitlist/{second['id']}", of=second).body
    it.ask("GET", f"/v1/bookings/{offered['offer']['id']}", by="secret")
    it.later(120)
    it.sweep()
    it.sweep("offer_waiting")
    it.ask("GET", f"/v1/waitlist/{second['id']}", of=second)

    it.title("Times that are not waited for")
    for wish in (
        steps.lesson(it, steps.day(6)),
        steps.lesson(it, steps.day(8, "20:00")),
        steps.lesson(it, steps.day(8), tier="premium"),
        steps.request(it, 2, date="2029-01-08"),
        steps.lesson(it, steps.day(8), override={"rules": ["customer_places"], "reason": "x"}),
    ):
        it.ask("POST", "/v1/waitlist", wish)
    it.title("As many places as a customer may have")
    steps.set_tenant(it, "places_per_customer = 1")
    steps.hold(it, steps.day(9))
    steps.hold(it, steps.day(10))
    it.ask("POST", "/v1/waitlist", steps.lesson(it, steps.day(9)))
    it.ask("POST", "/v1/waitlist", steps.lesson(it, steps.day(10)))
    override = {"rules": ["customer_places"], "reason": "She telephoned."}
    it.ask("POST", "/v1/waitlist", steps.lesson(it, steps.day(10), override=override), by="secret")
