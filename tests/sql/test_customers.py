"""api.export_customer and api.erase_customer: a customer's data exported, and erased."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.harness.clients import carts
from tests.harness.clients.calls import Api, Checkout, Held, Refusal, refund_object, refused
from tests.harness.database.builders import NOW, Tenant, insert, sha256

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ADA = {"name": "Ada Lovelace", "email": "Ada@example.com", "phone": "+4930901820"}
SAID = {
    "customer": ADA,
    "notes": "gate code 4711",
    "locale": "de-CH",
    "timezone": "Europe/Zurich",
}
# if any of it is found afterwards, erasing has missed it
PERSONAL = ("Lovelace", "ada@", "ada+", "+4930901820", "gate code", "de-CH", "Zurich")


def export(api: Api, tenant: Tenant, email: str = "ada@example.com", limit: int = 100) -> Any:
    return api.call("export_customer", tenant.actor("secret"), {"email": email}, None, limit)


def erase(api: Api, tenant: Tenant, email: str = "ada@example.com") -> Any:
    return api.call("erase_customer", tenant.actor("secret"), {"email": email})


def obstacles(refusal: Refusal) -> set[str]:
    assert refusal.sqlstate == "KHCIU"
    return {obstacle["reason"] for obstacle in refusal.detail["obstacles"]}


def everything(api: Api) -> str:
    """All rows of all tables, as text."""
    tables = api.database.rows(
        "select c.oid::regclass::text from pg_class as c where c.relkind = 'r'"
        " and c.relnamespace::regnamespace::text in ('core', 'audit', 'ledger') order by 1"
    )
    return "\n".join(
        str(api.database.value(f"select coalesce(jsonb_agg(t), '[]')::text from {name} as t"))
        for (name,) in tables
    )


def held(api: Api, tenant: Tenant, *, email: str = "Ada@example.com", at: int = 2) -> Held:
    """A hold of Ada's, that many hours ahead."""
    said = SAID | {"customer": ADA | {"email": email}}
    return api.hold(tenant.offer(), NOW + at * HOUR, **said)


def over(api: Api, tenant: Tenant) -> Checkout:
    """A lesson that Ada paid for, and that is in the past."""
    checkout = api.checkout(held(api, tenant))
    assert api.settle(checkout, "paid") == "confirmed"
    api.database.clock.set(NOW + 4 * HOUR)
    return checkout


def place(api: Api, taken: Held, secret: str = "place") -> UUID:
    """Ada waits for a time that another customer has."""
    request = {
        **{name: str(getattr(taken.row, name)) for name in ("resource_id", "offering_id")},
        "starts_at": taken.row.starts_at.isoformat(),
        "date": None,
        "tier": "standard",
        "package": "single",
        **{name: SAID[name] for name in ("customer", "locale", "timezone")},
    }
    answer = api.call(
        "join_waitlist", taken.tenant.actor(), secret, uuid4(), sha256(secret), request
    )
    return UUID(answer["id"])


def test_everything_is_exported(api: Api, tenant: Tenant) -> None:
    """All addresses of the mailbox: bookings with their payments and history, and waitlist
    entries.
    """
    paid = over(api, tenant)
    tagged = api.hold(
        tenant.offer(), NOW + 6 * HOUR, **SAID | {"customer": ADA | {"email": "ada+x@example.com"}}
    )
    waits = place(api, api.hold(tenant.offer(), NOW + 6 * HOUR))

    told = export(api, tenant, "ADA+other@example.com")

    by_id = {booking["id"]: booking for booking in told["bookings"]}
    assert {c["email"] for c in told["customers"]} == {"ada@example.com", "ada+x@example.com"}
    assert by_id.keys() == {str(paid.held.id), str(tagged.id)}
    first = by_id[str(paid.held.id)]
    assert (first["notes"], first["locale"]) == ("gate code 4711", "de-CH")
    assert [p["amount"] for p in first["payments"]] == [4500]
    assert [c["email"] for c in first["checkouts"]] == ["ada@example.com"]
    assert [h["status"] for h in first["history"]] == ["held", "paying", "scheduled"]
    assert [w["id"] for w in told["waitlist"]] == [str(waits)]
    assert told["next"] is None


def test_long_lists_come_in_pages(api: Api, tenant: Tenant) -> None:
    """Each booking once; only the first page has the other data."""
    ids = [held(api, tenant, email=f"ada+{n}@example.com").id for n in range(5)]
    told, after = [], None
    while True:
        page = api.call(
            "export_customer", tenant.actor("secret"), {"email": "ada@example.com"}, after, 2
        )
        told.append(page)
        after = page["next"] and UUID(page["next"])
        if after is None:
            break

    assert sorted(b["id"] for page in told for b in page["bookings"]) == sorted(map(str, ids))
    assert [len(page["customers"]) for page in told] == [5, 0, 0]


def test_only_the_customers_own_data_are_exported(api: Api, tenant: Tenant) -> None:
    """Neither of another customer nor of another tenant.

    Proves: ASVS 8.2.2, API1:2023
    """
    other = Tenant(api.database)
    held(api, tenant)
    api.hold(tenant.offer(), NOW + 3 * HOUR)

    assert export(api, other)["bookings"] == []
    assert export(api, tenant, "nobody@example.com")["customers"] == []
    assert len(export(api, tenant)["bookings"]) == 1


@pytest.mark.parametrize("function", ["export_customer", "erase_customer"])
def test_it_takes_a_secret_key(api: Api, tenant: Tenant, function: str) -> None:
    """A browser's key neither exports nor erases a customer, whatever booking it can read."""
    booking = held(api, tenant)
    extra = [None, 10] if function == "export_customer" else []

    refusal = refused(api.call, function, booking.actor, {"email": "ada@example.com"}, *extra)

    assert refusal.sqlstate == "KHDEN"


def test_nothing_of_a_person_is_left(api: Api, tenant: Tenant) -> None:
    """No column of any table has them, while bookings, payments and history stay.

    Proves: ASVS 14.2.4
    """
    checkout = over(api, tenant)
    released = held(api, tenant, email="ada+2@example.com", at=6)
    api.call("release_hold", released.actor, released.id, None)
    waits = place(api, api.hold(tenant.offer(), NOW + 6 * HOUR))
    before = everything(api)

    erased = erase(api, tenant)

    after = everything(api)
    assert [word for word in PERSONAL if word not in before] == []
    assert [word for word in PERSONAL if word in after] == []
    assert erased == {"customers": 2, "bookings": 2, "places": 1, "letters": 0}
    row = checkout.held.row
    assert (row.status, row.payment_status, row.amount) == ("scheduled", "paid", 4500)
    assert (row.customer_name, row.customer_phone, row.notes) == ("erased", None, None)
    assert api.database.value("select count(*) from core.payments") == 1
    assert api.database.value("select state from core.waitlist where id = %s", waits) == "left"
    reasons = api.database.rows(
        "select reason, actor_role from audit.booking_events where booking_id = %s"
        " order by version desc limit 1",
        checkout.held.id,
    )
    assert reasons == [("the customer was erased", "secret")]


def test_erasing_twice_is_erasing_once(api: Api, tenant: Tenant) -> None:
    """An unknown customer counts as erased too."""
    over(api, tenant)
    erase(api, tenant)
    before = everything(api)

    again = erase(api, tenant)

    assert again == {"customers": 0, "bookings": 0, "places": 0, "letters": 0}
    assert everything(api) == before


def test_an_erased_customer_who_books_again_is_new(api: Api, tenant: Tenant) -> None:
    """The old bookings do not become theirs again."""
    old = over(api, tenant).held
    erase(api, tenant)

    new = api.hold(tenant.offer(), NOW + 6 * HOUR, **SAID)

    assert new.row.customer_id != old.row.customer_id
    assert [b["id"] for b in export(api, tenant)["bookings"]] == [str(new.id)]


def test_others_keep_their_names(api: Api, tenant: Tenant) -> None:
    """Another customer, and the same address at another tenant."""
    other = Tenant(api.database)
    for one, email in ((tenant, "adam@example.com"), (other, "ada@example.com")):
        booking = held(api, one, email=email)
        api.call("release_hold", booking.actor, booking.id, None)
    over(api, tenant)

    erase(api, tenant)

    emails = {c.email for c in api.database.rows("select email from core.customers")}
    names = sorted(b.customer_name for b in api.database.rows("table core.bookings"))
    assert {"adam@example.com", "ada@example.com"} < emails
    assert names == ["Ada Lovelace", "Ada Lovelace", "erased"]


def test_a_letter_that_was_not_sent_is_dropped(api: Api, tenant: Tenant) -> None:
    """It would contain the address, and its offer is over."""
    taken = api.hold(tenant.offer(), NOW + 2 * HOUR)
    waits = place(api, taken)
    api.call("release_hold", taken.actor, taken.id, None)
    api.call("leave_waitlist", tenant.actor(secret="place"), waits, None)

    erased = erase(api, tenant)

    assert erased["letters"] == 1
    assert api.claim() == []


def test_a_repeat_finds_no_trace_of_the_request(api: Api, tenant: Tenant) -> None:
    """The hash of the request is gone, so that it cannot be guessed; its key stays used."""
    booking = api.hold(tenant.offer(), NOW + 2 * HOUR, key="mine", **SAID)
    api.call("release_hold", booking.actor, booking.id, None)
    before = api.database.value("select fingerprint from core.idempotency_keys")

    erase(api, tenant)

    offer = tenant.offer()
    assert api.database.value("select fingerprint from core.idempotency_keys") != before
    assert refused(api.hold, offer, NOW + 2 * HOUR, key="mine", **SAID).sqlstate == "KHKEY"


def _live(api: Api, tenant: Tenant) -> None:
    checkout = api.checkout(held(api, tenant))
    assert api.settle(checkout, "paid") == "confirmed"


def _held(api: Api, tenant: Tenant) -> None:
    held(api, tenant)


def _offered(api: Api, tenant: Tenant) -> None:
    taken = api.hold(tenant.offer(), NOW + 2 * HOUR)
    place(api, taken)
    api.call("release_hold", taken.actor, taken.id, None)


def _paying(api: Api, tenant: Tenant) -> None:
    api.checkout(held(api, tenant))


def _delayed(api: Api, tenant: Tenant) -> None:
    api.settle(api.checkout(held(api, tenant)), "pending")


def _returned(api: Api, tenant: Tenant) -> Checkout:
    """A payment that came after the hold was released: it is refunded."""
    checkout = api.checkout(held(api, tenant))
    api.call("release_hold", checkout.held.actor, checkout.held.id, None)
    [effect] = api.database.rows("select id, lease from core.effects")
    closed = {"outcome": "expired", "session": checkout.session()}
    api.call("finish_effect", effect.id, effect.lease, "done", closed)
    assert api.settle(checkout, "paid") == "refunding"
    return checkout


def _queued(api: Api, tenant: Tenant) -> None:
    _returned(api, tenant)


def _failed(api: Api, tenant: Tenant) -> None:
    _returned(api, tenant)
    [effect] = api.claim()
    done = {"status": "failed", "refund": refund_object(effect["refund"], tenant, "re_1")}
    api.finish(effect, "done", **done)


def _disputed(api: Api, tenant: Tenant) -> None:
    over(api, tenant)
    api.database.execute("update core.bookings set dispute_status = 'open'")


def _closing(api: Api, tenant: Tenant) -> None:
    checkout = api.checkout(held(api, tenant))
    api.call("release_hold", checkout.held.actor, checkout.held.id, None)
    api.settle(checkout, "expired")


@pytest.mark.parametrize(
    ("story", "reasons"),
    [
        (_live, {"live_booking"}),
        (_held, {"live_booking"}),
        (_offered, {"live_booking"}),
        (_paying, {"payment_under_way"}),
        (_delayed, {"payment_under_way"}),
        (_queued, {"refund_under_way", "effect_pending"}),
        (_failed, {"refund_failed"}),
        (_disputed, {"dispute_open"}),
        (_closing, {"effect_pending"}),
    ],
)
def test_what_is_in_the_way_is_named_and_nothing_changes(
    api: Api, tenant: Tenant, story: Any, reasons: set[str]
) -> None:
    """Future bookings, and refunds under way."""
    story(api, tenant)
    before = everything(api)

    refusal = refused(erase, api, tenant)

    assert obstacles(refusal) == reasons
    assert everything(api) == before
    assert json.dumps(refusal.detail).count("booking_id") == len(reasons)


def test_a_cart_is_erased_as_a_whole(api: Api, tenant: Tenant) -> None:
    """All its bookings, although payment and checkout belong to the first one."""
    offer = tenant.offer()
    wanted = carts.cart(*(carts.period(offer, NOW + h * HOUR) for h in (1, 2, 3)))
    cart = carts.hold(api, tenant, wanted | {"customer": ADA})
    api.call("release_hold", cart.actor, cart.id, None)

    assert erase(api, tenant)["bookings"] == 3


def test_a_secret_ends_with_its_booking(api: Api, tenant: Tenant) -> None:
    """Some days after the booking has ended its secret is refused; a server still reads it.

    Proves: ASVS 7.4.1
    """
    booking = over(api, tenant).held
    ends_at = booking.row.ends_at
    tenant.database.execute("update core.tenants set secret_days = 100")
    api.database.clock.set(ends_at + 100 * DAY)
    last = api.call("get_booking", booking.actor, booking.id)
    api.database.clock.advance(timedelta(microseconds=1))

    refusal = refused(api.call, "get_booking", booking.actor, booking.id)

    assert last["id"] == str(booking.id)
    assert refusal[:4] == refused(api.call, "get_booking", booking.actor, uuid4())[:4]
    assert api.call("get_booking", tenant.actor("secret"), booking.id)["id"] == str(booking.id)


def test_a_places_secret_ends_too(api: Api, tenant: Tenant) -> None:
    """Counted from when the entry ended."""
    taken = api.hold(tenant.offer(), NOW + 2 * HOUR)
    waits = place(api, taken)
    actor = tenant.actor(secret="place")
    api.call("leave_waitlist", actor, waits, None)
    api.database.clock.advance(400 * DAY)
    last = api.call("get_waitlist_entry", actor, waits)
    api.database.clock.advance(timedelta(microseconds=1))

    assert last["id"] == str(waits)
    assert refused(api.call, "get_waitlist_entry", actor, waits).sqlstate == "KHNTF"


def test_findings_name_no_customer(api: Api, tenant: Tenant) -> None:
    """The table of findings, which is kept for ever, has no column for a person."""
    columns = api.database.rows(
        "select column_name from information_schema.columns"
        " where table_schema in ('core', 'audit', 'ledger')"
        " and table_name in ('findings', 'payments', 'refunds', 'reschedules', 'booking_events')"
        " and column_name ~ 'name|mail|phone|notes|address'"
    )
    insert(
        api.database,
        "core.findings",
        object_id="pi_1",
        kind="payment_unknown",
        tenant_id=tenant.id,
        detail="x",
        first_seen_at=NOW,
        last_seen_at=NOW,
    )

    assert columns == []
