"""References: eight characters that people can read out, one for each booking of a tenant."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.harness.clients import carts
from tests.harness.clients.calls import Api, refused
from tests.harness.database.builders import NOW, Tenant, sha256

SHOWN = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
# Draws what a test has prepared, in order; then always the last.
_DRAWN = """
create table public.drawn (n serial, reference text);
insert into public.drawn (reference) select unnest(%s::text[]);
grant all on public.drawn to public;
create or replace function core.new_reference() returns text language plpgsql volatile as $$
declare
    v_drawn text;
begin
    delete from public.drawn as d
    where d.n = (select pg_catalog.min(e.n) from public.drawn as e)
        and exists (select from public.drawn as f where f.n > d.n)
    returning d.reference into v_drawn;
    return coalesce(v_drawn, (select d.reference from public.drawn as d));
end;
$$;
"""


def draw(api: Api, *references: str) -> None:
    """Let the next bookings draw these."""
    with api.database.connect(autocommit=True) as connection:
        statements = _DRAWN.split(";\n", 3)
        for statement in (*statements[:3], statements[3]):
            values = (list(references),) if "%s" in statement else None
            connection.execute(statement.encode(), values)


def listed(api: Api, tenant: Tenant, reference: str, **filters: str) -> list[str]:
    """Ids of the bookings that a server finds by a reference."""
    wanted = {"reference": reference} | filters
    page = api.call("list_bookings", tenant.actor("secret"), wanted, None, 50)
    assert page["next"] is None
    return [booking["id"] for booking in page["bookings"]]


def test_each_booking_has_one(api: Api, tenant: Tenant) -> None:
    """In Crockford's base 32, four and four; the bookings of a cart have one each."""
    offer = tenant.offer()
    wanted = carts.cart(*(carts.period(offer, NOW + timedelta(hours=h)) for h in (1, 2, 3)))
    held = carts.hold(api, tenant, wanted | {"customer": offer.request(NOW)["customer"]})

    references = [booking["reference"] for booking in held.answer["bookings"]]

    assert all(SHOWN.fullmatch(reference) for reference in references)
    assert len(set(references)) == 3


def test_a_reference_that_is_taken_is_drawn_again(api: Api, tenant: Tenant) -> None:
    """Two bookings that draw the same reference still end with two."""
    offer = tenant.offer()
    draw(api, "K7QM2F9D", "K7QM2F9D", "K7QM2F9D", "00000001")

    first = api.hold(offer, NOW + timedelta(hours=1))
    second = api.hold(offer, NOW + timedelta(hours=2))

    assert [first.answer["reference"], second.answer["reference"]] == ["K7QM-2F9D", "0000-0001"]


def test_another_tenant_may_have_the_same(api: Api, tenant: Tenant) -> None:
    """References belong to a tenant, and so does the search for them."""
    other = Tenant(api.database)
    draw(api, "K7QM2F9D")

    ours, theirs = api.hold(tenant.offer()), api.hold(other.offer())

    assert ours.answer["reference"] == theirs.answer["reference"]
    assert listed(api, tenant, "K7QM-2F9D") == [str(ours.id)]
    assert listed(api, other, "K7QM-2F9D") == [str(theirs.id)]


def test_two_rows_never_share_one(api: Api, tenant: Tenant) -> None:
    """Whatever is drawn, the constraint refuses it."""
    offer = tenant.offer()
    booking = {"starts_at": NOW, "ends_at": NOW + timedelta(hours=1), "reference": "K7QM2F9D"}
    offer.booking(**booking)

    refusal = refused(lambda: offer.booking(**booking))

    assert refusal.constraint == "bookings_reference_unique"


@pytest.mark.parametrize(
    "typed",
    ["1OKQ-2F9D", "10KQ2F9D", "lokq2f9d", "io kq 2f9d", "LOKQ-2f9d", " 1OkQ--2F9D ", "10KQ-2F9D"],
)
def test_a_booking_is_found_by_what_people_write(api: Api, tenant: Tenant, typed: str) -> None:
    """In any case, with or without the dash; O is 0, I and L are 1."""
    draw(api, "10KQ2F9D")
    held = api.hold(tenant.offer())

    assert listed(api, tenant, typed) == [str(held.id)]


@pytest.mark.parametrize("typed", ["", "10KQ2F9", "10KQ2F9DD", "U0KQ2F9D", "10KQ2F9%", "é0KQ2F9D"])
def test_what_is_none_finds_nothing(api: Api, tenant: Tenant, typed: str) -> None:
    """Neither a part of one, nor one with a letter that references do not use."""
    draw(api, "10KQ2F9D")
    api.hold(tenant.offer())

    assert listed(api, tenant, typed) == []


def test_other_filters_narrow_it_down(api: Api, tenant: Tenant) -> None:
    """All filters apply together."""
    held = api.hold(tenant.offer())
    reference = held.answer["reference"]

    assert listed(api, tenant, reference, status="held") == [str(held.id)]
    assert listed(api, tenant, reference, status="scheduled") == []
    assert listed(api, tenant, reference, resource_id=str(uuid4())) == []


def test_locale_and_zone_are_kept_with_what_they_came_with(api: Api, tenant: Tenant) -> None:
    """Of a hold, of a waitlist entry, and of its offer."""
    offer = tenant.offer()
    said = {"locale": "de-CH", "timezone": "Europe/Zurich"}
    starts_at = NOW + timedelta(hours=2)
    held = api.hold(offer, starts_at, **said)

    place = api.call(
        "join_waitlist",
        tenant.actor(),
        "key",
        uuid4(),
        sha256("place"),
        offer.request(starts_at, customer={"name": "Ada", "email": "ada@example.com"})
        | {"locale": "ar", "timezone": "Africa/Cairo"},
    )
    api.call("release_hold", held.actor, held.id, None)
    offered = api.call("get_waitlist_entry", tenant.actor(secret="place"), place["id"])["offer"]

    assert {name: held.answer[name] for name in said} == said
    assert (place["locale"], place["timezone"]) == ("ar", "Africa/Cairo")
    assert (offered["locale"], offered["timezone"]) == ("ar", "Africa/Cairo")


def test_without_them_nothing_is_known(api: Api, tenant: Tenant) -> None:
    """There is no default: null means unknown."""
    answer = api.hold(tenant.offer()).answer

    assert (answer["locale"], answer["timezone"]) == (None, None)
