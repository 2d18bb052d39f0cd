"""The checker itself: in a healthy system it finds nothing, and it finds every planted fault."""

import re
from dataclasses import dataclass

import pytest

from tests.harness.clients.db_client import DbClient, settle_call
from tests.harness.laws import laws
from tests.harness.laws.invariants import violations

TEN = "2027-01-11T10:00:00Z"
TWO = "2027-01-11T14:00:00Z"


@dataclass(frozen=True)
class Plant:
    """A fault, the law that must find it, and whether only a system at rest, or one that has just
    been swept, breaks it."""

    script: str
    states: str
    quiescent: bool = False
    swept: bool = False


def _place(state: str, booking: str = "null") -> str:
    """SQL: a waitlist entry for the booking's customer, for the next day, which is free."""
    return (
        "insert into core.waitlist (tenant_id, id, resource_id, offering_id, tier, package,"
        " starts_at, customer_id, customer_name, state, booking_id, client_secret_hash,"
        " created_at, updated_at) select tenant_id, gen_random_uuid(), resource_id, offering_id,"
        " tier, package, starts_at + interval '1 day', customer_id, customer_name,"
        f" '{state}', {booking}, client_secret_hash, now(), now() from core.bookings"
    )


_SECOND = (
    "insert into core.bookings select (jsonb_populate_record("
    "b, jsonb_build_object('id', gen_random_uuid(), 'reference', '00000000'))).*"
    " from core.bookings as b"
)

PLANTS = {
    "overlap": Plant(
        "alter table core.occupancies drop constraint occupancies_no_overlap;"
        " insert into core.occupancies (tenant_id, booking_id, class_id, resource_id, unit,"
        " during)"
        " select tenant_id, other.id, other.id, resource_id, unit,"
        " tstzrange(lower(during) + interval '59 minutes', upper(during) + interval '1 hour')"
        " from core.occupancies, lateral (select gen_random_uuid() as id) as other",
        "no two bookings own",
    ),
    "unit beyond capacity": Plant("update core.occupancies set unit = 2", "a unit is one of"),
    "opening forgotten": Plant(
        "delete from core.openings where opens_at = (select max(opens_at) from core.openings)",
        "compiled openings are what is computed",
    ),
    "overlap of openings misjudged": Plant(
        "update core.timetables set overlapping = not overlapping",
        "whether openings overlap",
    ),
    "old price compiled": Plant(
        "update core.bookables set amount = amount + 100", "compiled as the catalogue has it"
    ),
    "live without time": Plant("delete from core.occupancies", "exactly while it is live"),
    "time without life": Plant(
        "update core.bookings set status = 'cancelled'", "exactly while it is live"
    ),
    "buffers forgotten": Plant(
        "update core.occupancies set during = tstzrange(lower(during),"
        " upper(during) - interval '15 minutes')",
        "widened by its frozen buffers",
    ),
    "class of no booking": Plant(
        "alter table core.occupancies drop constraint occupancies_sound;"
        " update core.occupancies set class_id = gen_random_uuid()",
        "are one class",
    ),
    "cart torn apart": Plant(
        "update core.bookings set cart_id = id; insert into core.bookings"
        " select (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(),"
        " 'position', 2, 'status', 'held', 'hold_expires_at', now(), 'reference', '00000000'))).*"
        " from core.bookings as b",
        "share status, deadline and secret",
    ),
    "illegal transition": Plant(
        "update audit.booking_events set from_status = 'held' where to_status = 'scheduled'",
        "only by those that may follow",
    ),
    "born in another status": Plant(
        "delete from audit.booking_events where from_status is null;"
        " update audit.booking_events set from_status = null where to_status = 'paying'",
        "only by those that may follow",
    ),
    "expired twice": Plant(
        "insert into audit.booking_events (tenant_id, booking_id, at, version, from_status,"
        " to_status, from_payment_status, to_payment_status, actor_role, reason)"
        " select tenant_id, id, now(), 99, 'expired', 'expired', 'unpaid', 'unpaid', 'sweep', 'x'"
        " from core.bookings",
        "expires once",
    ),
    "gap in the trail": Plant(
        "delete from audit.booking_events where version = 2", "every version of a booking"
    ),
    "change without trail": Plant(
        "update core.bookings set version = 9", "ends with the state of the booking"
    ),
    "no payment": Plant("delete from core.payments", "exactly its frozen price"),
    "wrong payment": Plant("update core.payments set amount = 1", "exactly its frozen price"),
    "two payments": Plant(
        "insert into core.payments (tenant_id, id, booking_id, checkout_id, payment_intent_id,"
        " status, amount, currency, created_at, updated_at) select tenant_id, gen_random_uuid(),"
        " booking_id, checkout_id, 'pi_2', status, amount, currency, created_at, updated_at"
        " from core.payments",
        "exactly its frozen price",
    ),
    "refund uncounted": Plant(
        "update core.payments set amount_refunded = 10", "counts the refunds"
    ),
    "payment of an unpaid checkout": Plant(
        "update core.checkouts set state = 'expired'", "name the booking and the currency"
    ),
    "one intent twice": Plant(
        "drop index core.payments_intent_unique;"
        " insert into core.payments (tenant_id, id, booking_id, checkout_id, payment_intent_id,"
        " status, amount, currency, created_at, updated_at) select tenant_id, gen_random_uuid(),"
        " booking_id, checkout_id, payment_intent_id, status, amount, currency, created_at,"
        " updated_at from core.payments",
        "one payment outside",
    ),
    "one event twice": Plant(
        "alter table core.stripe_events drop constraint stripe_events_pkey;"
        " insert into core.stripe_events select * from core.stripe_events",
        "recorded once",
    ),
    "refund without effect": Plant(
        "insert into core.refunds (tenant_id, id, payment_id, booking_id, amount, currency, reason,"
        " created_at, updated_at) select tenant_id, gen_random_uuid(), id, booking_id, 1, currency,"
        " 'time_lost', now(), now() from core.payments",
        "one refund has one effect",
    ),
    "booking without key": Plant("delete from core.idempotency_keys", "one client key"),
    "two payable checkouts": Plant(
        "drop index core.checkouts_one_payable_per_booking;"
        " insert into core.checkouts (tenant_id, id, booking_id, state, parameters, amount,"
        " currency, stripe_session_expires_at, created_at, updated_at) select tenant_id,"
        " gen_random_uuid(), booking_id, 'creating', parameters, amount, currency,"
        " stripe_session_expires_at, created_at, updated_at from core.checkouts,"
        " generate_series(1, 2)",
        "at most one payable checkout",
    ),
    "payable without paying": Plant(
        "update core.checkouts set state = 'open'", "waits for it, or the checkout is being closed"
    ),
    "offer without a booking": Plant(
        "alter table core.waitlist drop constraint waitlist_sound;" + _place("offered"),
        "is offered to one waitlist entry",
    ),
    "one offer to two": Plant(
        f"{_place('booked', 'id')}; {_place('booked', 'id')}",
        "is offered to one waitlist entry",
    ),
    "more places than allowed": Plant(
        "update core.tenants set places_per_customer = 1;"
        " drop index core.waitlist_once_per_customer;"
        f"{_place('waiting')}; {_place('waiting')}; update core.waitlist set vouched = true",
        "has more waitlist entries",
    ),
    "more holds than allowed": Plant(
        f"update core.tenants set live_holds_per_customer = 1; {_SECOND};"
        " update core.bookings set vouched = true, status = 'paying', hold_expires_at = 'infinity'",
        "holds more unpaid periods",
    ),
    "more than a resource gives": Plant(
        f"update core.resources set customer_limit = 1; {_SECOND}",
        "a customer has no more of a resource",
    ),
    "waiting for what is free": Plant(
        _place("waiting"), "no waitlist entry waits for a start that is free", quiescent=True
    ),
    "change without time": Plant(
        "insert into core.reschedules (tenant_id, id, booking_id, state, resource_id, starts_at,"
        " ends_at, buffer_before_minutes, buffer_after_minutes, amount, difference, currency,"
        " calendar_unchecked, from_resource_id, from_starts_at, from_ends_at, expires_at,"
        " created_at, updated_at) select tenant_id, gen_random_uuid(), id, 'pending', resource_id,"
        " starts_at + interval '1 day', ends_at + interval '1 day', 0, 0, amount + 100, 100,"
        " currency, false, resource_id, starts_at, ends_at, 'infinity', now(), now()"
        " from core.bookings",
        "no other one owns any",
    ),
    "confirmed at its start": Plant(
        "update audit.booking_events as e set at = b.starts_at from core.bookings as b"
        " where b.id = e.booking_id and e.to_status = 'scheduled'",
        "no booking was confirmed once its time had begun",
    ),
    "moved at its start": Plant(
        "insert into core.reschedules (tenant_id, id, booking_id, state, resource_id, starts_at,"
        " ends_at, buffer_before_minutes, buffer_after_minutes, amount, difference, currency,"
        " calendar_unchecked, from_resource_id, from_starts_at, from_ends_at, created_at,"
        " updated_at) select tenant_id, gen_random_uuid(), id, 'applied', resource_id,"
        " starts_at, ends_at, 0, 0, amount, 0, currency, false, resource_id,"
        " starts_at - interval '1 day', ends_at - interval '1 day', now(),"
        " starts_at - interval '1 day' from core.bookings",
        "no booking was rescheduled once its old time",
    ),
    "hold beyond its deadline": Plant(
        "update core.bookings set status = 'held', hold_expires_at = core.clock()",
        "outlived its deadline",
        quiescent=True,
    ),
    "effect left": Plant(
        "insert into core.effects (tenant_id, id, kind, key, booking_id, checkout_id, due_at,"
        " created_at, updated_at) select tenant_id, gen_random_uuid(), 'expire_session', 'x',"
        " booking_id, id, now(), now(), now() from core.checkouts",
        "no effect waits",
        quiescent=True,
    ),
    "refund left": Plant(
        "insert into core.refunds (tenant_id, id, payment_id, booking_id, amount, currency, reason,"
        " created_at, updated_at) select tenant_id, gen_random_uuid(), id, booking_id, 1, currency,"
        " 'time_lost', now(), now() from core.payments",
        "no refund waits",
        quiescent=True,
    ),
    "refund failed": Plant(
        "insert into core.refunds (tenant_id, id, payment_id, booking_id, amount, currency, reason,"
        " status, created_at, updated_at) select tenant_id, gen_random_uuid(), id, booking_id,"
        " amount, currency, 'duplicate_payment', 'failed', now(), now() from core.payments",
        "no refund has failed",
        quiescent=True,
    ),
    "money kept for nothing": Plant(
        "update core.bookings set status = 'expired'", "kept only for", quiescent=True
    ),
    "money misstated": Plant(
        "update core.bookings set status = 'ended', payment_status = 'refunded'",
        "payment status of a booking is true",
        quiescent=True,
    ),
    "openings that end too soon": Plant(
        "update core.timetables set opened_until = opened_until - interval '2 days'",
        "from now to beyond",
        swept=True,
    ),
    "openings of last month": Plant(
        "insert into core.openings select tenant_id, resource_id, opens_at - interval '40 days',"
        " closes_at - interval '40 days', open_until - interval '40 days', on_day - 40"
        " from core.openings order by opens_at limit 1",
        "of days that are over",
        swept=True,
    ),
    "unpaid booking of last year": Plant(
        f"{_SECOND}; update core.bookings set status = 'expired', payment_status = 'unpaid',"
        " updated_at = updated_at - interval '1 year' where reference = '00000000'",
        "an unpaid booking is not kept",
        swept=True,
    ),
    "request of last month": Plant(
        "update core.idempotency_keys set created_at = created_at - interval '31 days'",
        "nothing else is kept longer",
        swept=True,
    ),
    "customer of nothing": Plant(
        "insert into core.customers (tenant_id, id, email, name, created_at, updated_at)"
        " select tenant_id, gen_random_uuid(), 'a@example.com', name, created_at, updated_at"
        " from core.customers",
        "a customer without bookings",
        swept=True,
    ),
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_a_planted_fault_is_found(db_client: DbClient, plant: Plant) -> None:
    """A confirmed booking breaks no law until something is changed behind the guards' back."""
    db_client.paid(TEN)
    before = violations(db_client.database, quiescent=True, swept=True)

    db_client.database.execute(f"set session_replication_role = replica; {plant.script}")

    found = violations(db_client.database, quiescent=plant.quiescent, swept=plant.swept)
    assert before == []
    assert any(plant.states in line for line in found), found


def test_every_law_has_a_planted_fault() -> None:
    """Every law of the checker is broken by at least one planted fault."""
    planted = " ".join(plant.states for plant in PLANTS.values())
    unplanted = [
        law.states
        for law in laws.ALWAYS + laws.QUIESCENT + laws.SWEPT
        if not any(plant.states in law.states for plant in PLANTS.values())
    ]

    assert (unplanted, bool(planted)) == ([], True)


def test_costly_laws_depend_on_openings_alone(db_client: DbClient) -> None:
    """They need not be checked again while these tables stay the same: the list has all that they
    read, in functions too."""
    relation = (
        "select to_regclass(%s) is not null as is_table, (select string_agg(p.prosrc, ' ')"
        " from pg_proc as p where p.oid::regproc::text = %s) as body"
    )
    read, seen = set(), set()
    waiting = [law.query for law in laws.ALWAYS + laws.QUIESCENT + laws.SWEPT if law.costly]
    while waiting:
        for name in set(re.findall(r"\bcore\.\w+", waiting.pop())) - seen:
            seen.add(name)
            found = db_client.database.one(relation, name, name)
            if found.body is not None:
                waiting.append(found.body)
            elif found.is_table:
                read.add(name)

    assert read == laws.OPENINGS


def test_what_is_under_way_is_no_fault(db_client: DbClient) -> None:
    """Holds, open checkouts and queued refunds break no law while they are under way."""
    db_client.hold(TEN)
    _, session = db_client.checkout(TWO)
    db_client.call(settle_call(session | {"amount_total": 1234}, "paid"))
    db_client.checkout("2027-01-12T10:00:00Z")

    assert violations(db_client.database) == []
    assert any(line.startswith("I6") for line in violations(db_client.database, quiescent=True))
