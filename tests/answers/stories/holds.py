"""Holding one time, and several at once."""

from typing import Any

from tests.answers import steps
from tests.answers.operations import CUSTOMER, NOWHERE
from tests.answers.recorder import Recorder
from tests.harness.system.in_process import RETURN_ADDRESSES
from tests.harness.system.setup import TEN


def holding(it: Recorder) -> None:
    """Holds that are made, repeated, released, refused, and that expire."""
    it.title("A lesson, and the same request again")
    lesson = steps.lesson(it, notes="By the window.\r\nPlease.")
    held = it.ask("POST", "/v1/holds", lesson, key="a-key-of-twenty-letters").body
    it.ask("POST", "/v1/holds", lesson, key="a-key-of-twenty-letters")
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(8)), key="a-key-of-twenty-letters")
    it.ask("POST", "/v1/holds", lesson, key="a-key-of-twenty-letters", by="second publishable")
    it.ask("POST", "/v1/holds", lesson, key="a-key-of-twenty-letters", by="secret")
    it.ask("GET", f"/v1/bookings/{held['id']}", of=held)
    it.ask("GET", f"/v1/bookings/{held['id']}", by="secret")
    it.ask("HEAD", f"/v1/bookings/{held['id']}", of=held)
    steps.show(it, held)

    it.title("A time that is taken has alternatives")
    it.ask("POST", "/v1/holds", steps.lesson(it, TEN))
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(7, "10:30")))
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(7, "09:30")), by="secret")

    it.title("It is released, twice, with the version that was seen")
    path = f"/v1/holds/{held['id']}"
    it.ask("DELETE", path, of=held, headers={"if-match": '"9"'})
    it.ask("DELETE", path, of=held, headers={"if-match": '"1"'})
    it.ask("DELETE", path, of=held)
    it.ask("GET", f"/v1/bookings/{held['id']}", of=held)
    steps.show(it, held)
    it.ask("POST", "/v1/holds", lesson, key="a-key-of-twenty-letters")

    it.title("It expires, and its time is free for others, sweep or no sweep")
    expiring = it.ask("POST", "/v1/holds", steps.lesson(it)).body
    it.later(6)
    steps.show(it, expiring)
    it.ask("GET", f"/v1/bookings/{expiring['id']}", of=expiring)
    it.ask("POST", f"/v1/bookings/{expiring['id']}/checkout", RETURN_ADDRESSES, of=expiring)
    it.ask("POST", "/v1/holds", steps.lesson(it))
    it.sweep()
    steps.show(it, expiring)
    it.ask("DELETE", f"/v1/holds/{expiring['id']}", of=expiring)

    it.title("Times that are not offered")
    for starts_at in (
        steps.day(6),
        steps.day(7, "05:00"),
        steps.day(8, "10:07"),
        steps.day(8, "20:00"),
        "2031-01-08T10:00:00Z",
        "2030-01-08T11:00:00+01:00",
        "1999-01-08T11:00:00Z",
    ):
        it.ask("POST", "/v1/holds", steps.lesson(it, starts_at))
    it.ask("POST", "/v1/holds", steps.request(it, 0, date="2030-01-08"))
    it.ask("POST", "/v1/holds", steps.request(it, 2, starts_at=steps.day(8)))
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(8, "14:00"), tier="premium"))
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(8, "14:00"), package="ten"))
    foreign = {"resource_id": it.other.resource_id, "offering_id": it.other.offering_id}
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(9)) | foreign)
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(9)) | foreign, by="other publishable")
    it.ask(
        "POST", "/v1/holds", steps.request(it, 1, starts_at=steps.day(8)) | {"offering_id": NOWHERE}
    )

    it.title("Whole dates, places, groups")
    it.ask("POST", "/v1/holds", steps.request(it, 2, date="2030-01-12"))
    it.ask("POST", "/v1/holds", steps.request(it, 2, date="2030-01-12"))
    for _ in range(8):
        steps.hold(it, **steps.request(it, 1, starts_at=steps.day(8, "14:00"), tier="premium"))
    it.ask("POST", "/v1/holds", steps.request(it, 1, starts_at=steps.day(8, "14:00")))
    it.ask(
        "POST", "/v1/holds", steps.request(it, 1, starts_at=steps.day(8, "15:00"), tier="premium")
    )
    for _ in range(7):
        steps.hold(it, **steps.request(it, 4, starts_at=steps.day(8, "11:00")))
    it.ask("POST", "/v1/holds", steps.request(it, 4, starts_at=steps.day(8, "11:00")))
    it.ask("POST", "/v1/holds", steps.request(it, 4, starts_at=steps.day(8, "11:00")))


def carts(it: Recorder) -> None:
    """Several periods at once: series, carts, pools; all or none."""
    lesson = steps.request(it, 0)
    del lesson["customer"]

    def cart(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"items": list(items), "customer": CUSTOMER, **more}

    it.title("A series over a clock change")
    series = {**lesson, "starts_at": "2030-03-19T10:00:00Z", "repeat": {"weeks": 3}}
    held = it.ask("POST", "/v1/holds", series | {"customer": CUSTOMER}).body
    it.ask("POST", "/v1/holds", series | {"customer": CUSTOMER})
    it.ask("GET", f"/v1/bookings/{held['bookings'][2]['id']}", of=held)
    second = held["bookings"][1]["id"]
    it.ask("POST", f"/v1/bookings/{second}/checkout", RETURN_ADDRESSES, of=held)
    it.ask("DELETE", f"/v1/holds/{second}", of=held)
    it.ask("POST", f"/v1/bookings/{held['id']}/checkout", RETURN_ADDRESSES, of=held)
    steps.pay(it, held)
    it.events(steps.COMPLETED)
    steps.show(it, held)
    it.ask("GET", f"/v1/bookings/{second}/confirmation", of=held)
    it.ask("GET", f"/v1/bookings/{second}", by="secret")
    it.ask(
        "POST", f"/v1/bookings/{second}/reschedule", {"starts_at": "2030-03-27T10:00:00Z"}, of=held
    )

    it.title("A cart")
    both = cart(
        {**lesson, "starts_at": steps.day(8)},
        {**{k: v for k, v in steps.request(it, 2, date="2030-01-20").items() if k != "customer"}},
    )
    it.ask("POST", "/v1/holds", both)
    both["items"][1] = {**lesson, "starts_at": steps.day(8, "14:00")}
    held = it.ask("POST", "/v1/holds", both, by="secret").body
    it.ask("DELETE", f"/v1/holds/{held['id']}", of=held)
    it.ask("POST", "/v1/holds", cart({**lesson, "starts_at": steps.day(9)}, notes="One only"))

    it.title("Carts that cannot be")
    for items in (
        [{**lesson, "starts_at": steps.day(9)}, {**lesson, "starts_at": steps.day(10)}],
        [{**lesson, "starts_at": steps.day(10)}, {**lesson, "starts_at": steps.day(10, "10:30")}],
        [{**lesson, "starts_at": steps.day(10)}, {**lesson, "starts_at": steps.day(10, "20:00")}],
        [{**lesson, "starts_at": steps.day(10), "repeat": {"weeks": 53}}],
        [{**lesson, "starts_at": steps.day(10), "repeat": {"weeks": 1}}],
        [{**lesson, "starts_at": steps.day(10), "repeat": {"weeks": 52}}],
        [{**lesson, "starts_at": steps.day(10)}] * 21,
        [{**lesson}],
        [],
    ):
        it.ask("POST", "/v1/holds", cart(*items))
    it.ask("POST", "/v1/holds", {**cart({**lesson, "starts_at": steps.day(11)}), **lesson})

    it.title("Pools: any of them, until none is left")
    wish = {
        "pool_id": it.system.tenant.pools[0]["id"],
        "offering_id": lesson["offering_id"],
        "starts_at": steps.day(14, "10:00"),
        "customer": CUSTOMER,
    }
    members = it.system.tenant.pools[0]["resource_ids"]
    it.unname(*members)
    for _ in range(3):
        it.ask("POST", "/v1/holds", wish)
    it.unname(*members)
    it.ask("POST", "/v1/holds", wish | {"starts_at": steps.day(15), "repeat": {"weeks": 2}})
    it.unname(*members)
    it.ask("POST", "/v1/holds", wish | {"starts_at": steps.day(16, "07:00")})
    it.ask("POST", "/v1/holds", wish | {"pool_id": NOWHERE})
    it.ask("POST", "/v1/holds", wish | {"resource_id": lesson["resource_id"]})
