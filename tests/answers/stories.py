"""What customers and servers do, one request at a time: what goes well, and what does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from holdfast.calendars import reading
from tests.answers.operations import CATALOGUE, CUSTOMER, NOWHERE
from tests.answers.recorder import Recorder
from tests.harness.servers import feeds
from tests.harness.stripe.lost_times import lose_time
from tests.harness.system.in_process import RETURN_ADDRESSES
from tests.harness.system.setup import TEN, changed, raw_events, take

COMPLETED = "checkout.session.completed"
EXPIRED = "checkout.session.expired"
_ELEVEN = "2030-01-07T11:15:00Z"


def _day(day: int, time: str = "10:00") -> str:
    return f"2030-01-{day:02}T{time}:00Z"


def _lesson(it: Recorder, starts_at: str = TEN, **changes: Any) -> dict[str, Any]:
    return it.system.hold_body(starts_at, customer=CUSTOMER) | changes


def _at(it: Recorder, resource: int, **changes: Any) -> dict[str, Any]:
    """A request for a resource's first offering."""
    chosen = it.system.tenant.resources[resource]
    return {
        "resource_id": chosen["id"],
        "offering_id": chosen["offerings"][0]["id"],
        "customer": CUSTOMER,
    } | changes


def _hold(it: Recorder, starts_at: str = TEN, **changes: Any) -> Any:
    """A hold that is not written down."""
    answer = it.system.request("POST", "/v1/holds", _lesson(it, starts_at, **changes))
    assert answer.status == 201, answer
    return answer.body


def _paying(it: Recorder, starts_at: str = TEN, **changes: Any) -> Any:
    held = _hold(it, starts_at, **changes)
    it.system.checkout(held)
    return held


def _paid(it: Recorder, starts_at: str = TEN, **changes: Any) -> Any:
    held = _paying(it, starts_at, **changes)
    it.system.pay(it.system.session_id(held))
    it.system.deliver_webhooks()
    assert it.system.booking(held).status == "scheduled"
    return held


def _tell(it: Recorder, held: Any) -> None:
    """How a booking stands, as its customer sees it."""
    it.ask("GET", f"/v1/bookings/{held['id']}/confirmation", of=held)


def _pay(it: Recorder, held: Any, how: str = "pay", card: str | None = None) -> None:
    it.system.pay(it.system.session_id(held), how, card)
    it.happens(f"the customer pays: {how}")


def _set(it: Recorder, assignments: str) -> None:
    """A tenant's setting."""
    it.happens(f"the tenant has {assignments}")
    it.system.database.execute(
        f"update core.tenants set {assignments} where id = %s", it.system.tenant.tenant_id
    )


# Listing ------------------------------------------------------------------------------------------


def listing(it: Recorder) -> None:
    """Resources and free times: pages, periods, zones, clock changes, ETags, pools."""
    it.title("Resources, page by page")
    page = it.ask("GET", "/v1/resources")
    page = it.ask("GET", "/v1/resources?limit=2", by="secret")
    while page.body["next_cursor"]:
        page = it.ask("GET", f"/v1/resources?limit=2&cursor={page.body['next_cursor']}")
    it.ask("GET", "/v1/resources", by="other publishable")
    it.ask("HEAD", "/v1/resources?limit=1")

    it.title("Free times of each resource")
    for resource in it.system.tenant.resources:
        path = f"/v1/resources/{resource['id']}/slots"
        first = resource["offerings"][0]["id"]
        it.ask(
            "GET", f"{path}?offering_id={first}&from=2030-01-08T00:00:00Z&to=2030-01-09T14:00:00Z"
        )
        it.ask("GET", f"{path}?from=2030-01-08T00:00:00Z&to=2030-01-08T16:00:00Z")
        span = "from=2030-01-08T12:00:00Z&to=2030-01-08T16:00:00Z"
        it.ask("GET", f"{path}?offering_id={first}&{span}&tz=America/New_York")
        it.ask("GET", f"{path}?offering_id={NOWHERE}")

    it.title("A week, with what is taken, and whether it has changed")
    _hold(it, TEN)
    _hold(it, _day(8, "13:30"))
    path = f"/v1/resources/{it.system.resource['id']}/slots"
    lesson = f"offering_id={it.system.resource['offerings'][0]['id']}"
    week = it.ask("GET", f"{path}?{lesson}&to={_day(9)}")
    for tags in (week.headers["etag"], f'"x", {week.headers["etag"]}', '"x"', "*"):
        it.ask("GET", f"{path}?{lesson}&to={_day(9)}", headers={"if-none-match": tags})
    it.ask("HEAD", f"{path}?{lesson}&to={_day(9)}")
    it.later(1)
    it.ask(
        *("GET", f"{path}?{lesson}&to={_day(9)}"), headers={"if-none-match": week.headers["etag"]}
    )

    it.title("Periods that are odd")
    for odd in (
        "from=2030-01-09T00:00:00Z&to=2030-01-08T00:00:00Z",
        "from=2030-01-09T00:00:00Z&to=2030-01-09T00:00:00Z",
        "from=2030-01-09T00:00:00Z&to=2030-05-09T00:00:00Z",
        "from=2029-01-09T00:00:00Z&to=2029-01-10T00:00:00Z",
        "from=2033-01-09T00:00:00Z&to=2033-01-10T00:00:00Z",
        "from=2030-01-09T09:00:00%2B01:00&to=2030-01-09T13:00:00.5-01:00",
        "from=2030-01-09T09:00:00",
        "to=2030-01-08T09:00:00Z",
        "tz=Mars/Phobos",
    ):
        it.ask("GET", f"{path}?{lesson}&{odd}")

    it.title("Clocks that change")
    venue, studio = it.system.venue, it.system.studio
    for resource, span in (
        (venue, "from=2030-04-05T00:00:00Z&to=2030-04-09T00:00:00Z&tz=Australia/Lord_Howe"),
        (studio, "from=2030-03-10T11:00:00Z&to=2030-03-10T15:00:00Z&tz=America/New_York"),
        (it.system.resource, "from=2030-03-31T07:00:00Z&to=2030-03-31T11:00:00Z&tz=Europe/London"),
    ):
        offering = resource["offerings"][0]["id"]
        it.ask("GET", f"/v1/resources/{resource['id']}/slots?offering_id={offering}&{span}")

    it.title("Pools")
    pool = f"/v1/pools/{it.system.tenant.pools[0]['id']}/slots"
    span = f"from={_day(8, '09:00')}&to={_day(8, '15:00')}"
    several = it.ask("GET", f"{pool}?{lesson}&{span}")
    it.ask("GET", f"{pool}?{lesson}&{span}&tz=Asia/Kathmandu")
    it.ask("GET", f"{pool}?{span}")
    it.ask("GET", f"{pool}?{lesson}&{span}", headers={"if-none-match": several.headers["etag"]})
    it.ask("GET", f"{pool}?{lesson}&from={_day(9)}&to={_day(8)}")
    it.ask("GET", f"{pool}?offering_id={NOWHERE}&{span}")


def explaining(it: Recorder) -> None:
    """Why a time is not free: each rule, and several."""
    tutor, studio, venue, _, park = it.system.tenant.resources

    def explain(resource: dict[str, Any], query: str, offering: int = 0) -> None:
        chosen = resource["offerings"][offering]["id"]
        path = f"/v1/resources/{resource['id']}/slots/explain?offering_id={chosen}&{query}"
        it.ask("GET", path, by="secret")

    it.title("Rules of the resource")
    for starts_at in (TEN, _day(7, "05:00"), _day(6), _day(8, "10:07"), _day(8, "20:00")):
        explain(tutor, f"starts_at={starts_at}")
    explain(tutor, "starts_at=2031-01-08T10:00:00Z")
    explain(tutor, "date=2030-01-08")
    explain(venue, "date=2030-01-08")
    explain(venue, "starts_at=2030-01-08T10:00:00Z")
    explain(park, "starts_at=2031-02-08T11:00:00Z")
    explain(studio, "starts_at=2030-01-08T12:00:00Z&customer_email=grace@example.com")

    it.title("What is taken, buffers included")
    _hold(it, TEN)
    for starts_at in (TEN, _day(7, "09:00"), _day(7, "09:30"), _day(7, "11:00"), _day(7, "11:30")):
        explain(tutor, f"starts_at={starts_at}")
    explain(tutor, f"starts_at={TEN}", offering=1)

    it.title("What is closed, and how many there may be")
    blackout = {"starts_at": _day(9, "09:00"), "ends_at": _day(9, "12:00"), "reason": "Dentist"}
    path = f"{CATALOGUE}/resources/{tutor['id']}"
    it.ask("POST", f"{path}/blackouts", blackout, by="secret")
    explain(tutor, f"starts_at={_day(9)}")
    limits = {"daily_limit": 1, "customer_limit": 1, "notice_minutes": 600}
    it.ask("PATCH", path, limits, by="secret", headers={"if-match": "*"})
    explain(tutor, f"starts_at={_day(7, '14:00')}&customer_email=grace@example.com")
    it.ask("PATCH", path, {"confirmation": "by_request"}, by="secret", headers={"if-match": "*"})
    explain(tutor, f"starts_at={_day(9)}")


# Holding ------------------------------------------------------------------------------------------


def holding(it: Recorder) -> None:
    """Holds that are made, repeated, released, refused, and that expire."""
    it.title("A lesson, and the same request again")
    lesson = _lesson(it, notes="By the window.\r\nPlease.")
    held = it.ask("POST", "/v1/holds", lesson, key="a-key-of-twenty-letters").body
    it.ask("POST", "/v1/holds", lesson, key="a-key-of-twenty-letters")
    it.ask("POST", "/v1/holds", _lesson(it, _day(8)), key="a-key-of-twenty-letters")
    it.ask("POST", "/v1/holds", lesson, key="a-key-of-twenty-letters", by="second publishable")
    it.ask("POST", "/v1/holds", lesson, key="a-key-of-twenty-letters", by="secret")
    it.ask("GET", f"/v1/bookings/{held['id']}", of=held)
    it.ask("GET", f"/v1/bookings/{held['id']}", by="secret")
    it.ask("HEAD", f"/v1/bookings/{held['id']}", of=held)
    _tell(it, held)

    it.title("A time that is taken has alternatives")
    it.ask("POST", "/v1/holds", _lesson(it, TEN))
    it.ask("POST", "/v1/holds", _lesson(it, _day(7, "10:30")))
    it.ask("POST", "/v1/holds", _lesson(it, _day(7, "09:30")), by="secret")

    it.title("It is released, twice, with the version that was seen")
    path = f"/v1/holds/{held['id']}"
    it.ask("DELETE", path, of=held, headers={"if-match": '"9"'})
    it.ask("DELETE", path, of=held, headers={"if-match": '"1"'})
    it.ask("DELETE", path, of=held)
    it.ask("GET", f"/v1/bookings/{held['id']}", of=held)
    _tell(it, held)
    it.ask("POST", "/v1/holds", lesson, key="a-key-of-twenty-letters")

    it.title("It expires, and its time is free for others, sweep or no sweep")
    expiring = it.ask("POST", "/v1/holds", _lesson(it)).body
    it.later(6)
    _tell(it, expiring)
    it.ask("GET", f"/v1/bookings/{expiring['id']}", of=expiring)
    it.ask("POST", f"/v1/bookings/{expiring['id']}/checkout", RETURN_ADDRESSES, of=expiring)
    it.ask("POST", "/v1/holds", _lesson(it))
    it.sweep()
    _tell(it, expiring)
    it.ask("DELETE", f"/v1/holds/{expiring['id']}", of=expiring)

    it.title("Times that are not offered")
    for starts_at in (
        _day(6),
        _day(7, "05:00"),
        _day(8, "10:07"),
        _day(8, "20:00"),
        "2031-01-08T10:00:00Z",
        "2030-01-08T11:00:00+01:00",
        "1999-01-08T11:00:00Z",
    ):
        it.ask("POST", "/v1/holds", _lesson(it, starts_at))
    it.ask("POST", "/v1/holds", _at(it, 0, date="2030-01-08"))
    it.ask("POST", "/v1/holds", _at(it, 2, starts_at=_day(8)))
    it.ask("POST", "/v1/holds", _lesson(it, _day(8, "14:00"), tier="premium"))
    it.ask("POST", "/v1/holds", _lesson(it, _day(8, "14:00"), package="ten"))
    foreign = {"resource_id": it.other.resource_id, "offering_id": it.other.offering_id}
    it.ask("POST", "/v1/holds", _lesson(it, _day(9)) | foreign)
    it.ask("POST", "/v1/holds", _lesson(it, _day(9)) | foreign, by="other publishable")
    it.ask("POST", "/v1/holds", _at(it, 1, starts_at=_day(8)) | {"offering_id": NOWHERE})

    it.title("Whole dates, places, groups")
    it.ask("POST", "/v1/holds", _at(it, 2, date="2030-01-12"))
    it.ask("POST", "/v1/holds", _at(it, 2, date="2030-01-12"))
    for _ in range(8):
        _hold(it, **_at(it, 1, starts_at=_day(8, "14:00"), tier="premium"))
    it.ask("POST", "/v1/holds", _at(it, 1, starts_at=_day(8, "14:00")))
    it.ask("POST", "/v1/holds", _at(it, 1, starts_at=_day(8, "15:00"), tier="premium"))
    for _ in range(7):
        _hold(it, **_at(it, 4, starts_at=_day(8, "11:00")))
    it.ask("POST", "/v1/holds", _at(it, 4, starts_at=_day(8, "11:00")))
    it.ask("POST", "/v1/holds", _at(it, 4, starts_at=_day(8, "11:00")))


def carts(it: Recorder) -> None:
    """Several periods at once: series, carts, pools; all or none."""
    lesson = _at(it, 0)
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
    _pay(it, held)
    it.events(COMPLETED)
    _tell(it, held)
    it.ask("GET", f"/v1/bookings/{second}/confirmation", of=held)
    it.ask("GET", f"/v1/bookings/{second}", by="secret")
    it.ask(
        "POST", f"/v1/bookings/{second}/reschedule", {"starts_at": "2030-03-27T10:00:00Z"}, of=held
    )

    it.title("A cart")
    both = cart(
        {**lesson, "starts_at": _day(8)},
        {**{k: v for k, v in _at(it, 2, date="2030-01-20").items() if k != "customer"}},
    )
    it.ask("POST", "/v1/holds", both)
    both["items"][1] = {**lesson, "starts_at": _day(8, "14:00")}
    held = it.ask("POST", "/v1/holds", both, by="secret").body
    it.ask("DELETE", f"/v1/holds/{held['id']}", of=held)
    it.ask("POST", "/v1/holds", cart({**lesson, "starts_at": _day(9)}, notes="One only"))

    it.title("Carts that cannot be")
    for items in (
        [{**lesson, "starts_at": _day(9)}, {**lesson, "starts_at": _day(10)}],
        [{**lesson, "starts_at": _day(10)}, {**lesson, "starts_at": _day(10, "10:30")}],
        [{**lesson, "starts_at": _day(10)}, {**lesson, "starts_at": _day(10, "20:00")}],
        [{**lesson, "starts_at": _day(10), "repeat": {"weeks": 53}}],
        [{**lesson, "starts_at": _day(10), "repeat": {"weeks": 1}}],
        [{**lesson, "starts_at": _day(10), "repeat": {"weeks": 52}}],
        [{**lesson, "starts_at": _day(10)}] * 21,
        [{**lesson}],
        [],
    ):
        it.ask("POST", "/v1/holds", cart(*items))
    it.ask("POST", "/v1/holds", {**cart({**lesson, "starts_at": _day(11)}), **lesson})

    it.title("Pools: any of them, until none is left")
    wish = {
        "pool_id": it.system.tenant.pools[0]["id"],
        "offering_id": lesson["offering_id"],
        "starts_at": _day(14, "10:00"),
        "customer": CUSTOMER,
    }
    members = it.system.tenant.pools[0]["resource_ids"]
    it.unname(*members)
    for _ in range(3):
        it.ask("POST", "/v1/holds", wish)
    it.unname(*members)
    it.ask("POST", "/v1/holds", wish | {"starts_at": _day(15), "repeat": {"weeks": 2}})
    it.unname(*members)
    it.ask("POST", "/v1/holds", wish | {"starts_at": _day(16, "07:00")})
    it.ask("POST", "/v1/holds", wish | {"pool_id": NOWHERE})
    it.ask("POST", "/v1/holds", wish | {"resource_id": lesson["resource_id"]})


def limits_of_holders(it: Recorder) -> None:
    """How much a customer, an address, a resource may have unpaid; what a server may override."""
    it.title("As many as a customer may hold")
    _set(it, "live_holds_per_customer = 1, live_holds_per_address = 3, live_holds_per_resource = 4")
    it.ask("POST", "/v1/holds", _lesson(it, _day(8)))
    it.ask("POST", "/v1/holds", _lesson(it, _day(9)))
    tagged = CUSTOMER | {"email": "Grace+2@example.com"}
    it.ask("POST", "/v1/holds", _lesson(it, _day(9), customer=tagged))
    override = {"rules": ["customer_periods"], "reason": "She telephoned."}
    it.ask("POST", "/v1/holds", _lesson(it, _day(9), override=override))
    it.ask("POST", "/v1/holds", _lesson(it, _day(9)), by="secret")
    it.ask("POST", "/v1/holds", _lesson(it, _day(9), override=override), by="secret")
    it.ask("POST", "/v1/holds", _lesson(it, _day(9), override={"rules": [], "reason": ""}))
    it.ask("POST", "/v1/holds", _lesson(it, _day(10), override={"rules": ["x"], "reason": "x"}))

    it.title("As many as an address may hold, and a resource may have unpaid")
    for number in range(4):
        somebody = {"name": "Alan Turing", "email": f"alan{number}@example.com"}
        it.ask("POST", "/v1/holds", _lesson(it, _day(10 + number), customer=somebody))
    somebody = {"name": "Alan Turing", "email": "alan9@example.com"}
    elsewhere = {"address": "2001:db8::7"}
    it.ask("POST", "/v1/holds", _lesson(it, _day(15), customer=somebody), **elsewhere)

    it.title("What a resource allows in a day, and a customer")
    _set(it, "live_holds_per_customer = 100, live_holds_per_address = 100000")
    _set(it, "live_holds_per_resource = null")
    path = f"{CATALOGUE}/resources/{it.system.studio['id']}"
    limits = {"daily_limit": 2, "customer_limit": 1}
    it.ask("PATCH", path, limits, by="secret", headers={"if-match": "*"})
    class_ = _at(it, 1, starts_at=_day(8, "14:00"))
    it.ask("POST", "/v1/holds", class_)
    it.ask("POST", "/v1/holds", class_ | {"starts_at": _day(8, "16:00")})
    override = {"rules": ["customer_limit"], "reason": "Her birthday."}
    later = class_ | {"starts_at": _day(8, "16:00"), "override": override}
    it.ask("POST", "/v1/holds", later, by="secret")
    it.ask("POST", "/v1/holds", class_ | {"starts_at": _day(8, "18:00"), "customer": somebody})

    it.title("Payment pages of one booking")
    held = _hold(it, _day(20))
    for number in range(12):
        addresses = {
            "success_url": f"https://studio.example/{number}",
            "cancel_url": "https://studio.example/book",
        }
        it.ask("POST", f"/v1/bookings/{held['id']}/checkout", addresses, of=held)


def rates(it: Recorder) -> None:
    """Too many requests of one kind, in one window."""
    it.system.database.execute(
        "update core.tenants set rate_reads = 2, rate_holds = 2, rate_waitlist = 1,"
        " rate_checkouts = 1, rate_writes = 2, rate_mailbox = 1, rate_key_factor = 2,"
        " rate_salt = gen_random_uuid()"
    )
    it.system.renew()
    held = it.system.hold(_day(20))
    it.system.renew()
    it.system.database.execute("update core.tenants set rate_salt = gen_random_uuid()")
    it.title("Two of each, of one address")
    for _ in range(3):
        it.ask("GET", "/v1/resources?limit=1")
    for number in range(3):
        person = {"name": "Alan", "email": f"alan{number}@example.com"}
        it.ask("POST", "/v1/holds", _lesson(it, _day(8 + number), customer=person))
    it.ask("GET", "/v1/resources?limit=1", address="198.51.100.9")
    it.ask("GET", "/v1/resources?limit=1", by="secret")
    for _ in range(2):
        it.ask("POST", "/v1/waitlist", _lesson(it), address="198.51.100.10")
    for _ in range(2):
        path = f"/v1/bookings/{held['id']}/checkout"
        it.ask("POST", path, RETURN_ADDRESSES, of=held, address="198.51.100.11")
    for _ in range(3):
        it.ask("DELETE", f"/v1/holds/{NOWHERE}", of=held, address="198.51.100.12")
    it.title("One of a mailbox")
    for day in (21, 22):
        it.ask("POST", "/v1/holds", _lesson(it, _day(day)), address="198.51.100.13")
    it.title("In the next window")
    it.later(6)
    it.ask("GET", "/v1/resources?limit=1")


# Paying -------------------------------------------------------------------------------------------


def paying(it: Recorder) -> None:
    """Payment pages, and what becomes of a booking by each of Stripe's events."""
    it.title("A page is opened, asked for again, and paid")
    held = _hold(it)
    path = f"/v1/bookings/{held['id']}/checkout"
    it.ask("POST", path, RETURN_ADDRESSES, of=held, key="pay-once-and-never-more", by="publishable")
    it.ask("POST", path, RETURN_ADDRESSES, of=held, key="pay-once-and-never-more")
    other = RETURN_ADDRESSES | {"cancel_url": "https://studio.example/other"}
    it.ask("POST", path, other, of=held, key="pay-once-and-never-more")
    it.ask("POST", path, RETURN_ADDRESSES, of=held)
    it.ask("POST", path, RETURN_ADDRESSES, of=held, headers={"if-match": '"1"'})
    _tell(it, held)
    it.ask("POST", path, other, of=held)
    _pay(it, held)
    _tell(it, held)
    it.events(COMPLETED)
    it.events(COMPLETED)
    _tell(it, held)
    it.ask("GET", f"/v1/bookings/{held['id']}", by="secret")
    it.ask("POST", path, RETURN_ADDRESSES, of=held)
    it.ask("DELETE", f"/v1/holds/{held['id']}", of=held)
    it.ask("GET", f"/v1/bookings?reference={held['reference'].lower()}", by="secret")

    it.title("Addresses that are not the shop's")
    held = _hold(it, _day(8))
    path = f"/v1/bookings/{held['id']}/checkout"
    for address in ("https://evil.example/x", "http://studio.example/x", "ftp://studio.example/x"):
        it.ask("POST", path, RETURN_ADDRESSES | {"success_url": address}, of=held)
        it.ask("POST", path, RETURN_ADDRESSES | {"cancel_url": address}, of=held, by="secret")

    it.title("A page that expires, and one whose booking is released")
    held = _paying(it, _day(9))
    it.ask("DELETE", f"/v1/holds/{held['id']}", of=held)
    _tell(it, held)
    it.events(EXPIRED)
    held = _paying(it, _day(10))
    it.later(45)
    it.sweep()
    it.sweep("deliver")
    for raw in raw_events(it.system, EXPIRED)[-1:]:
        it.webhook(EXPIRED, raw)
    _tell(it, held)
    it.ask("POST", f"/v1/bookings/{held['id']}/checkout", RETURN_ADDRESSES, of=held)

    it.title("Released when it is already paid at Stripe, whose event is not here yet")
    held = _paying(it, _day(14))
    _pay(it, held)
    it.ask("DELETE", f"/v1/holds/{held['id']}", of=held)
    _tell(it, held)
    it.events(COMPLETED)

    it.title("A bank that takes days")
    it.system.offer_delayed_methods()
    for how in ("succeed", "fail"):
        held = _paying(it, _day(15 if how == "fail" else 16))
        _pay(it, held, "delayed")
        it.events(COMPLETED)
        _tell(it, held)
        it.ask("DELETE", f"/v1/holds/{held['id']}", of=held)
        it.system.double.settle(it.system.session_id(held), how)
        it.happens(f"the bank decides: {how}")
        ending = "async_payment_succeeded" if how == "succeed" else "async_payment_failed"
        it.events(f"checkout.session.{ending}")
        _tell(it, held)


def late(it: Recorder) -> None:
    """Money that comes for a time that is gone, or of another amount; refunds and their ends."""
    it.title("Paid late, and the time is still free")
    held = _paying(it, _day(8))
    lose_time(it.system, held)
    _pay(it, held)
    it.events(COMPLETED)
    _tell(it, held)

    it.title("Paid late, and the time is another's")
    held = _paying(it, _day(9))
    lose_time(it.system, held)
    take(it.system, held)
    _pay(it, held)
    it.events(COMPLETED)
    it.events(COMPLETED)
    _tell(it, held)
    it.sweep("deliver")
    _tell(it, held)
    for type_ in ("refund.created", "refund.updated"):
        for raw in raw_events(it.system, type_)[-1:]:
            it.webhook(type_, raw)
            it.webhook(f"{type_} again", raw)
    it.ask("GET", f"/v1/bookings/{held['id']}", of=held)

    for end in ("succeeded", "failed"):
        it.title(f"A refund that is pending first: {end}")
        it.system.double.refunds_start_as("pending")
        held = _paying(it, _day(10 if end == "failed" else 11))
        lose_time(it.system, held, close_reason="released" if end == "failed" else "deadline")
        take(it.system, held)
        _pay(it, held)
        it.events(COMPLETED)
        it.sweep("deliver")
        _tell(it, held)
        newest = (
            "select stripe_refund_id from core.refunds order by created_at desc, id desc limit 1"
        )
        it.system.double.move_refund(it.system.database.value(newest), end)
        for raw in raw_events(it.system)[-2:]:
            it.webhook("what follows", raw)
        _tell(it, held)
        it.system.double.refunds_start_as(None)

    it.title("Another amount than the booking costs")
    held = _paying(it, _day(14))
    it.system.database.execute(
        "update core.bookings set amount = amount + 100 where id = %s", held["id"]
    )
    _pay(it, held)
    it.events(COMPLETED)
    _tell(it, held)

    it.title("A customer who has what she may have")
    held = _paying(it, _day(15))
    path = f"{CATALOGUE}/resources/{it.system.resource['id']}"
    it.ask("PATCH", path, {"customer_limit": 1}, by="secret", headers={"if-match": "*"})
    lose_time(it.system, held)
    _pay(it, held)
    it.events(COMPLETED)
    _tell(it, held)


def webhook(it: Recorder) -> None:
    """Deliveries that are not Stripe's, not ours, or not readable."""
    held = _paying(it)
    it.system.pay(it.system.session_id(held))
    (raw,) = raw_events(it.system, COMPLETED)

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
        _tell(it, held)
    it.webhook("as it was", raw)
    _tell(it, held)
    for type_ in ("refund.created", "refund.updated", "refund.failed", "charge.refunded"):
        refund = {"id": "re_x", "object": "refund", "status": "succeeded", "metadata": {}}
        it.webhook(f"{type_} of nothing of ours", changed(raw, refund, type=type_))


def moving(it: Recorder) -> None:
    """Another time: for nothing, for more, for less, not at all."""
    it.title("For nothing")
    held = _paid(it, _day(8))
    path = f"/v1/bookings/{held['id']}/reschedule"
    body = {"starts_at": _day(9)}
    it.ask("POST", path, body, of=held, key="move-once-and-never-more")
    it.ask("POST", path, body, of=held, key="move-once-and-never-more")
    it.ask("POST", path, {"starts_at": _day(10)}, of=held, key="move-once-and-never-more")
    it.ask("POST", path, body, of=held)
    it.ask("POST", path, {"starts_at": _day(10)}, of=held, headers={"if-match": '"1"'})
    mary = it.system.tenant.resources[3]["id"]
    it.ask("POST", path, {"starts_at": _day(9), "resource_id": mary}, of=held)
    it.ask("POST", path, {"starts_at": _day(9), "resource_id": it.system.studio["id"]}, of=held)
    it.ask("POST", path, {"starts_at": _day(9), "resource_id": NOWHERE}, of=held)

    it.title("To times that are not free or not offered")
    _hold(it, _day(10), resource_id=mary)
    for starts_at in (_day(10), _day(8, "03:00"), _day(6), "2031-01-08T10:00:00Z"):
        it.ask("POST", path, {"starts_at": starts_at, "resource_id": mary}, of=held)
    it.ask("POST", path, {"date": "2030-01-12"}, of=held)

    it.title("For more: both times are kept until it is paid")
    it.system.change_prices(1000)
    it.ask("POST", path, {"starts_at": _day(15)}, of=held, key="dearer-once-and-never-more")
    it.ask("POST", path, {"starts_at": _day(15)}, of=held, key="dearer-once-and-never-more")
    it.ask("POST", path, {"starts_at": _day(16)}, of=held)
    it.ask("POST", "/v1/holds", _lesson(it, _day(15), resource_id=mary))
    it.ask("DELETE", path, of=held, headers={"if-match": '"1"'})
    it.ask("DELETE", path, of=held)
    it.ask("DELETE", path, of=held)
    it.ask("POST", path, {"starts_at": _day(15)}, of=held)
    checkout = f"/v1/bookings/{held['id']}/checkout"
    it.ask("POST", checkout, RETURN_ADDRESSES, of=held)
    _tell(it, held)
    _pay(it, held)
    it.events(COMPLETED)
    _tell(it, held)

    it.title("For more, given up while its page is open; and one that is left unpaid")
    it.system.change_prices(1000)
    it.ask("POST", path, {"starts_at": _day(21)}, of=held)
    it.system.request("POST", checkout, RETURN_ADDRESSES, secret=held["client_secret"])
    it.ask("DELETE", path, of=held)
    it.ask("POST", path, {"starts_at": _day(22)}, of=held)
    it.later(10)
    it.sweep()
    it.ask("GET", f"/v1/bookings/{held['id']}", of=held)
    it.ask("POST", checkout, RETURN_ADDRESSES, of=held)

    it.title("For less: a part goes back")
    it.system.change_prices(-2500)
    it.ask("POST", path, {"starts_at": _day(23)}, of=held)
    it.sweep("deliver")
    for raw in raw_events(it.system, "refund.created")[-1:]:
        it.webhook("refund.created", raw)
    it.ask("GET", f"/v1/bookings/{held['id']}", by="secret")
    _tell(it, held)

    it.title("What is not paid, or over, is not moved")
    unpaid = _hold(it, _day(24))
    it.ask("POST", f"/v1/bookings/{unpaid['id']}/reschedule", {"starts_at": _day(25)}, of=unpaid)
    it.ask("DELETE", f"/v1/bookings/{unpaid['id']}/reschedule", of=unpaid)
    it.system.request("DELETE", f"/v1/holds/{unpaid['id']}", secret=unpaid["client_secret"])
    it.ask("POST", f"/v1/bookings/{unpaid['id']}/reschedule", {"starts_at": _day(25)}, of=unpaid)


def waiting(it: Recorder) -> None:
    """The waitlist: places, offers, and how they end."""
    it.title("A time that is free is not waited for")
    it.ask("POST", "/v1/waitlist", _lesson(it))
    it.ask("POST", "/v1/waitlist", _at(it, 0, date="2030-01-08"))
    it.title("Two wait for one that is taken")
    held = _hold(it)
    first = it.ask("POST", "/v1/waitlist", _lesson(it), key="wait-once-and-never-more").body
    it.ask("POST", "/v1/waitlist", _lesson(it), key="wait-once-and-never-more")
    it.ask("POST", "/v1/waitlist", _lesson(it, _day(8)), key="wait-once-and-never-more")
    twin = it.ask("POST", "/v1/waitlist", _lesson(it)).body
    it.ask("DELETE", f"/v1/waitlist/{twin['id']}", of=twin)
    emmy = {"name": "Emmy Noether", "email": "emmy@example.com"}
    second = it.ask("POST", "/v1/waitlist", _lesson(it, customer=emmy), by="secret").body
    it.ask("POST", "/v1/waitlist", _lesson(it, customer=emmy), by="secret")
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
    it.ask("POST", "/v1/holds", _lesson(it))
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
        _lesson(it, _day(6)),
        _lesson(it, _day(8, "20:00")),
        _lesson(it, _day(8), tier="premium"),
        _at(it, 2, date="2029-01-08"),
        _lesson(it, _day(8), override={"rules": ["customer_places"], "reason": "x"}),
    ):
        it.ask("POST", "/v1/waitlist", wish)
    it.title("As many places as a customer may have")
    _set(it, "places_per_customer = 1")
    _hold(it, _day(9))
    _hold(it, _day(10))
    it.ask("POST", "/v1/waitlist", _lesson(it, _day(9)))
    it.ask("POST", "/v1/waitlist", _lesson(it, _day(10)))
    override = {"rules": ["customer_places"], "reason": "She telephoned."}
    it.ask("POST", "/v1/waitlist", _lesson(it, _day(10), override=override), by="secret")


# What servers keep --------------------------------------------------------------------------------


def keeping(it: Recorder) -> None:
    """Resources, offerings, pools and rules: made, read, changed, archived, in use."""

    def ask(
        method: str, path: str, body: Any = None, version: str | None = None, **how: Any
    ) -> Any:
        headers = {} if version is None else {"if-match": version}
        path = f"{CATALOGUE}/{path}"
        return it.ask(method, path, body, by=how.pop("by", "secret"), headers=headers, **how).body

    it.title("A resource and what it sells")
    prices = [
        {"tier": tier, "package": "single", "amount": amount, "currency": currency}
        for tier, amount, currency in (("standard", 2500, "SEK"), ("premium", 4000, "SEK"))
    ]
    boat = {"name": "Boat", "duration_minutes": 60, "prices": prices}
    offering = ask("POST", "offerings", boat, key="boat-once-and-never-more")
    ask("POST", "offerings", boat, key="boat-once-and-never-more")
    ask("POST", "offerings", boat, key="boat-once-and-never-more", by="second secret")
    ask("POST", "offerings", boat | {"name": "Ship"}, key="boat-once-and-never-more")
    for odd in (
        {"prices": [prices[0] | {"currency": "XXX"}]},
        {"prices": [prices[0] | {"amount": 1}]},
        {"prices": [prices[0] | {"currency": "JPY"}, prices[1]]},
        {"prices": [prices[0], prices[0]]},
        {"booking_mode": "date"},
        {"group_size": 1},
    ):
        ask("POST", "offerings", boat | odd)
    lake = {"name": "Lake", "timezone": "Europe/Stockholm", "offering_ids": [offering["id"]]}
    resource = ask("POST", "resources", lake)
    for odd in (
        {"timezone": "Mars/Phobos"},
        {"timezone": "europe/stockholm"},
        {"offering_ids": [NOWHERE]},
        {"offering_ids": [it.other.offering_id]},
        {"offering_ids": [offering["id"], offering["id"]]},
        {"step_minutes": 7},
        {"booking_mode": "date"},
    ):
        ask("POST", "resources", lake | odd)
    path = f"resources/{resource['id']}"

    it.title("Changed with the version that was seen")
    ask("PATCH", path, {"capacity": 2}, '"1"')
    ask("PATCH", path, {"capacity": 3}, '"1"')
    ask("PATCH", path, {"capacity": 3, "daily_limit": 5}, 'W/"2"')
    ask("PATCH", path, {"daily_limit": None}, "*")
    ask("PATCH", path, {"booking_mode": "date"}, "*")
    ask("PATCH", path, {}, "*")
    ask("PATCH", f"offerings/{offering['id']}", {"prices": prices[:1], "name": "Rowing"}, "*")
    ask("PATCH", f"offerings/{offering['id']}", {"group_size": 5}, "*")
    ask("GET", path)
    ask("GET", f"offerings/{offering['id']}")
    ask("GET", f"offerings/{offering['id']}", by="other secret")

    it.title("Hours, single days, blackouts")
    rules: dict[str, Any] = {
        "hours": (
            {"weekday": 1, "opens": "09:00", "closes": "17:00"},
            {"weekday": 1, "opens": "16:00", "closes": "18:00"},
            {"opens": "10:00", "closes": "16:00"},
            {"weekday": 7, "opens": "22:00", "closes": "02:00", "valid_from": "2030-06-01"},
        ),
        "overrides": (
            {"date": "2030-02-01", "opens": "09:00", "closes": "13:00", "reason": "Fair"},
            {"date": "2030-02-01"},
            {"opens": None, "closes": None},
            {"date": "2030-02-02"},
        ),
        "blackouts": (
            {"from_date": "2030-02-02", "to_date": "2030-02-04", "reason": "Ice"},
            {"starts_at": "2030-02-03T00:00:00Z", "ends_at": "2030-02-03T12:00:00Z"},
            {"reason": "Snow"},
            {"from_date": "2030-02-02", "to_date": "2032-02-04"},
        ),
    }
    for kind, (good, clashing, change, other) in rules.items():
        rule = ask("POST", f"{path}/{kind}", good, key=f"{kind}-once-and-never-more")
        ask("POST", f"{path}/{kind}", good, key=f"{kind}-once-and-never-more")
        ask("POST", f"{path}/{kind}", good)
        ask("POST", f"{path}/{kind}", clashing)
        ask("POST", f"{path}/{kind}", other)
        one = f"{path}/{kind}/{rule['id']}"
        ask("PATCH", one, change, '"1"')
        ask("PATCH", one, change, '"1"')
        ask("PATCH", one, change)
        ask("PATCH", f"resources/{it.system.resource['id']}/{kind}/{rule['id']}", change, "*")
        page = ask("GET", f"{path}/{kind}?limit=1")
        if page["next_cursor"]:
            ask("GET", f"{path}/{kind}?limit=1&cursor={page['next_cursor']}")
        ask("GET", f"{path}/{kind}", by="other secret")
        ask("DELETE", one, version='"1"')
        ask("DELETE", one)
        ask("DELETE", one)

    it.title("A pool")
    ada, mary = it.system.resource["id"], it.system.tenant.resources[3]["id"]
    pool = ask("POST", "pools", {"name": "Water", "resource_ids": [ada, mary]})
    ask("POST", "pools", {"name": "Odd", "resource_ids": [NOWHERE]})
    ask("POST", "pools", {"name": "Odd", "resource_ids": [ada, it.system.venue["id"]]})
    ask("PATCH", f"pools/{pool['id']}", {"resource_ids": [ada]}, '"1"')
    ask("GET", f"pools/{pool['id']}")

    it.title("Archived, twice, and then neither sold nor changed")
    ask("DELETE", f"pools/{pool['id']}")
    ask("DELETE", f"pools/{pool['id']}")
    ask("PATCH", f"pools/{pool['id']}", {"name": "Rivers"}, "*")
    held = _hold(it)
    ask("PATCH", f"resources/{ada}", {"offering_ids": []}, "*")
    ask("DELETE", f"resources/{ada}")
    ask("DELETE", f"offerings/{held['offering_id']}")
    ask("DELETE", path, version='"1"')
    ask("DELETE", path)
    ask("GET", path)
    ask("POST", f"{path}/hours", rules["hours"][0])
    ask("PATCH", path, {"capacity": 4}, "*")
    it.ask("GET", f"/v1/resources/{resource['id']}/slots?offering_id={offering['id']}")
    it.ask("POST", "/v1/holds", _lesson(it) | {"resource_id": resource["id"]})

    it.title("Lists, page by page")
    for kind in ("resources", "offerings", "pools"):
        ask("GET", kind)
        ask("GET", f"{kind}?archived=true")
        page = ask("GET", f"{kind}?limit=2")
        while page["next_cursor"]:
            page = ask("GET", f"{kind}?limit=2&cursor={page['next_cursor']}")


@contextmanager
def _shelf() -> Iterator[feeds.Shelf]:
    """A server of feeds, which the functions may reach."""
    source = reading.source
    with feeds.running() as shelf:
        setattr(reading, "source", shelf.source)  # noqa: B010 this server is no public one
        try:
            yield shelf
        finally:
            setattr(reading, "source", source)  # noqa: B010


def calendars(it: Recorder) -> None:
    """Calendars kept elsewhere and what they take; feeds that are given out."""
    resource = it.system.resource["id"]
    path = f"{CATALOGUE}/resources/{resource}"
    with _shelf() as shelf:
        shelf.feeds["/feed.ics"] = feeds.calendar(
            feeds.event(UID="1", DTSTART="20300107T103000Z", DTEND="20300107T113000Z")
        )
        it.title("A calendar, its events, and what a hold does")
        body = {"name": "Private", "url": shelf.url()}
        made = it.ask("POST", f"{path}/calendars", body, by="secret", key="calendar-1").body
        it.ask("POST", f"{path}/calendars", body, by="secret", key="calendar-1")
        it.ask("POST", f"{path}/calendars", body | {"name": "X"}, by="secret", key="calendar-1")
        it.ask("GET", f"{path}/calendars", by="secret")
        it.ask("POST", "/v1/holds", _lesson(it))
        it.ask("GET", f"{path}/calendars", by="secret")
        it.ask("POST", "/v1/holds", _lesson(it, _day(8)))
        explain = f"offering_id={it.system.resource['offerings'][0]['id']}&starts_at={TEN}"
        it.ask("GET", f"/v1/resources/{resource}/slots/explain?{explain}", by="secret")

        it.title("A calendar that cannot be read")
        it.later(10)
        shelf.down = True
        it.ask("POST", "/v1/holds", _lesson(it, _day(9)))
        it.ask("GET", f"{path}/calendars", by="secret")
        policy = {"calendar_policy": "accept"}
        it.ask("PATCH", path, policy, by="secret", headers={"if-match": "*"})
        it.ask("POST", "/v1/holds", _lesson(it, _day(9)))
        it.ask("POST", "/v1/holds", _lesson(it))
        it.ask("DELETE", f"{path}/calendars/{made['id']}", by="secret")
        it.ask("DELETE", f"{path}/calendars/{made['id']}", by="secret")

    it.title("Addresses that are none, and too many of them")
    for url in ("http://a.example/x.ics", "https://127.0.0.1/x", "https://a.example/#x", "x", ""):
        it.ask("POST", f"{path}/calendars", {"name": "X", "url": url}, by="secret")
    for number in range(6):
        body = {"name": f"Number {number}", "url": f"webcal://a.example/{number}.ics"}
        it.ask("POST", f"{path}/calendars", body, by="secret")

    it.title("A feed")
    held = _paid(it, **_at(it, 1, starts_at=_day(8, "14:00")))
    path = f"{CATALOGUE}/resources/{it.system.studio['id']}/calendar-feeds"
    feed = it.ask("POST", path, by="secret", key="feed-1").body
    it.ask("POST", path, by="secret", key="feed-1")
    it.ask("GET", path, by="secret")
    address = "/v1/" + feed["url"].partition("/v1/")[2]
    answer = it.ask("GET", address, by=None)
    it.ask("GET", address, by=None, headers={"if-none-match": answer.headers["etag"]})
    it.ask("HEAD", address, by=None)
    it.system.move(held, _day(9, "14:00"))
    it.ask("GET", address, by=None)
    it.ask("DELETE", f"{path}/{feed['id']}", by="secret")
    it.ask("DELETE", f"{path}/{feed['id']}", by="secret")
    it.ask("GET", address, by=None)
    it.ask("GET", path, by="secret")
    for number in range(11):
        it.ask("POST", path, by="secret", key=f"feed-of-many-{number}")


def people(it: Recorder) -> None:
    """Lists of bookings for servers; exports and erasures."""
    it.title("Bookings, page by page")
    held = [_hold(it, _day(day)) for day in (8, 9, 10)]
    paid = _paid(it, _day(11))
    page = it.ask("GET", "/v1/bookings?limit=2", by="secret")
    while page.body["next_cursor"]:
        page = it.ask("GET", f"/v1/bookings?limit=2&cursor={page.body['next_cursor']}", by="secret")
    for query in (
        "status=scheduled",
        f"from={_day(9)}&to={_day(10)}&status=held",
        f"resource_id={it.system.studio['id']}",
        f"reference={held[0]['reference']}",
        "reference=AAAA-AAAA",
        f"from={_day(10)}&to={_day(9)}",
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


def outages(it: Recorder) -> None:
    """What is not there, and what is out of order."""
    held = _hold(it)
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
    it.ask("POST", "/v1/holds", _lesson(it, _day(8)))
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
