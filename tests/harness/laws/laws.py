"""What must hold in the database, each law with the query that finds what breaks it."""

from dataclasses import dataclass

_LIVE = "('held', 'paying', 'requested', 'scheduled', 'active')"
_KEPT = "('scheduled', 'active', 'ended', 'completed')"  # statuses whose payment is kept
# why money is refunded that was never wanted: if the bank refuses the refund, what stays is no
# price
_UNWANTED = "('time_lost', 'released', 'amount_mismatch', 'duplicate_payment')"


@dataclass(frozen=True, slots=True)
class Law:
    """A true statement, and a query whose column `finding` names every exception.

    Attributes:
        costly: takes milliseconds; a simulation checks it now and then, and at the end. It depends
            on nothing but `OPENINGS`.
    """

    invariant: str
    states: str
    query: str
    costly: bool = False


# the tables that the costly laws depend on
OPENINGS = {
    "core.date_overrides",
    "core.openings",
    "core.resources",
    "core.timetables",
    "core.weekly_hours",
}

ALWAYS: tuple[Law, ...] = (
    Law(
        "I1",
        "no two bookings own the same unit of a resource at overlapping times",
        """
        select a.booking_id || ' and ' || b.booking_id || ' on unit ' || a.unit as finding
        from core.occupancies as a
        join core.occupancies as b on b.resource_id = a.resource_id and b.unit = a.unit
            and b.booking_id > a.booking_id and b.class_id <> a.class_id
            and lower(b.during) < upper(a.during) and lower(a.during) < upper(b.during)
        """,
    ),
    Law(
        "I1",
        "a unit is one of those that the resource has",
        """
        select o.booking_id || ' on unit ' || o.unit || ' of ' || r.capacity as finding
        from core.occupancies as o
        join core.resources as r on r.tenant_id = o.tenant_id and r.id = o.resource_id
        where o.unit not between 1 and r.capacity
        """,
    ),
    Law(
        "I1",
        "a booking owns time exactly while it is live",
        f"""
        select b.id || ' is ' || b.status || ' and owns '
            || count(o.booking_id) || ' times' as finding
        from core.bookings as b
        left join core.occupancies as o on o.tenant_id = b.tenant_id and o.booking_id = b.id
            and o.part = 1
        group by b.id, b.status
        having count(o.booking_id) <> case when b.status in {_LIVE} then 1 else 0 end
        """,
    ),
    Law(
        "I1",
        "a booking owns its period widened by its frozen buffers",
        """
        select o.booking_id || ' owns ' || o.during as finding
        from core.occupancies as o
        join core.bookings as b on b.tenant_id = o.tenant_id and b.id = o.booking_id
        where o.part = 1 and (o.resource_id <> b.resource_id
            or lower(o.during) <> b.starts_at - make_interval(mins => b.buffer_before_minutes)
            or upper(o.during) <> b.ends_at + make_interval(mins => b.buffer_after_minutes))
        """,
    ),
    Law(
        "I1",
        "bookings that share a unit are one class: one offering, place and period, a seat each",
        """
        select 'class ' || o.class_id || ' of ' || count(*) || ' places' as finding
        from core.occupancies as o
        join core.bookings as b on b.tenant_id = o.tenant_id and b.id = o.booking_id
        join core.offerings as f on f.tenant_id = b.tenant_id and f.id = b.offering_id
        left join core.reschedules as c on c.tenant_id = o.tenant_id
            and c.booking_id = o.booking_id and c.state = 'pending' and o.part = 2
        group by o.class_id
        having case
            when bool_or(o.offering_id is null)
            then count(distinct o.booking_id) > 1 or bool_or(o.class_id <> o.booking_id)
                or bool_or(o.offering_id is not null) or bool_or(f.group_size is not null)
            else count(distinct (o.resource_id, o.unit, o.during)) > 1
                or count(distinct (
                    coalesce(c.starts_at, b.starts_at), coalesce(c.ends_at, b.ends_at))) > 1
                or count(distinct o.offering_id) > 1
                or bool_or(o.offering_id <> b.offering_id)
                or count(distinct o.seat) < count(*)
                or max(o.seat) > min(f.group_size)
            end
        """,
    ),
    Law(
        "I7",
        "bookings of a cart share status, deadline and secret until they are paid",
        """
        select o.id || ' is ' || o.status || ', the first of its cart ' || f.status as finding
        from core.bookings as o
        join core.bookings as f on f.tenant_id = o.tenant_id and f.id = o.cart_id
        where ('held' in (o.status, f.status) or 'paying' in (o.status, f.status)
                or 'expired' in (o.status, f.status))
            and (o.status, o.hold_expires_at, o.payment_status, o.client_secret_hash)
                is distinct from
                (f.status, f.hold_expires_at, f.payment_status, f.client_secret_hash)
        """,
    ),
    Law(
        "I1",
        "a reschedule that waits for its payment owns its new time, and no other one owns any",
        """
        select 'reschedule ' || c.id || ' of a booking that is ' || b.status || ' owns '
            || coalesce(o.during::text, 'nothing') as finding
        from core.reschedules as c
        join core.bookings as b on b.tenant_id = c.tenant_id and b.id = c.booking_id
        left join core.occupancies as o on o.tenant_id = c.tenant_id
            and o.booking_id = c.booking_id and o.part = 2
        where c.state = 'pending' and (b.status <> 'scheduled' or o.booking_id is null
            or o.resource_id <> c.resource_id
            or lower(o.during) <> c.starts_at - make_interval(mins => c.buffer_before_minutes)
            or upper(o.during) <> c.ends_at + make_interval(mins => c.buffer_after_minutes))
        union all
        select o.booking_id || ' owns ' || o.during || ' without a reschedule'
        from core.occupancies as o
        where o.part = 2 and not exists (
            select from core.reschedules as c
            where c.tenant_id = o.tenant_id and c.booking_id = o.booking_id
                and c.state = 'pending')
        """,
    ),
    Law(
        "I7",
        "a status is followed only by those that may follow it",
        """
        select e.booking_id || ' went from ' || coalesce(e.from_status, 'nothing')
            || ' to ' || e.to_status as finding
        from audit.booking_events as e
        left join core.transitions as t
            on t.from_status = e.from_status and t.to_status = e.to_status
        where e.from_status <> e.to_status and t.from_status is null
            or e.from_status is null and e.to_status <> 'held'
        """,
    ),
    Law(
        "I7",
        "a booking expires once",
        """
        select e.booking_id || ' was expired in version ' || e.version as finding
        from audit.booking_events as e
        where e.from_status = 'expired' and e.to_status = 'expired'
            and e.from_payment_status = e.to_payment_status
            and e.reason not in ('the customer was erased', 'the secret was replaced')
        """,
    ),
    Law(
        "I7",
        "the audit trail has every version of a booking, each beginning where the one before ended",
        """
        select e.booking_id || ' at version ' || e.version as finding
        from (
            select e.*,
                row_number() over trail as expected,
                lag(e.to_status) over trail as was,
                lag(e.to_payment_status) over trail as payment_was
            from audit.booking_events as e
            window trail as (partition by e.tenant_id, e.booking_id order by e.version)
        ) as e
        where e.version <> e.expected or e.from_status is distinct from e.was
            or e.from_payment_status is distinct from e.payment_was
        """,
    ),
    Law(
        "I7",
        "the audit trail ends with the state of the booking",
        """
        select b.id || ' is ' || b.status || ', ' || b.payment_status || ' at version '
            || b.version as finding
        from core.bookings as b
        left join lateral (
            select * from audit.booking_events as e
            where e.tenant_id = b.tenant_id and e.booking_id = b.id
            order by e.version desc
            limit 1
        ) as e on true
        where (e.version, e.to_status, e.to_payment_status)
            is distinct from (b.version, b.status, b.payment_status)
        """,
    ),
    Law(
        "I3",
        "what is kept for a confirmed booking, or for all of its cart, is exactly its frozen price",
        f"""
        select m.id || ' costs ' || m.price || ' ' || m.currency || ', and '
            || coalesce(k.kept, 0) || ' is kept' as finding
        from (
            select b.tenant_id, coalesce(b.cart_id, b.id) as id, b.currency, sum(b.amount) as price
            from core.bookings as b
            where b.status in {_KEPT}
            group by 1, 2, 3
        ) as m
        left join lateral (
            select sum(p.amount - p.amount_refunded - coalesce(r.failed, 0)) as kept,
                bool_and(p.status = 'captured' and p.currency = m.currency) as sound
            from core.bookings as b
            join core.payments as p on p.tenant_id = b.tenant_id and p.booking_id = b.id
            left join lateral (
                -- the bank refused it: it stays here although it is owed
                select sum(r.amount) as failed from core.refunds as r
                where r.tenant_id = p.tenant_id and r.payment_id = p.id
                    and r.status = 'failed' and r.reason = 'price_difference'
                    and r.replaced_by is null
            ) as r on true
            where b.tenant_id = m.tenant_id and coalesce(b.cart_id, b.id) = m.id
                and p.amount_refunded < p.amount
                and not exists (
                    select from core.refunds as r
                    where r.tenant_id = p.tenant_id and r.payment_id = p.id
                        and r.status = 'failed' and r.reason in {_UNWANTED}
                )
        ) as k on true
        where k.kept is distinct from m.price or not k.sound
        """,
    ),
    Law(
        "I3",
        "a payment counts the refunds that were not refused, and they stay within it",
        """
        select p.id || ': ' || p.amount_refunded || ' of ' || p.amount || ', refunds '
            || coalesce(sum(r.amount), 0) as finding
        from core.payments as p
        left join core.refunds as r on r.tenant_id = p.tenant_id and r.payment_id = p.id
            and r.status <> 'failed'
        group by p.id, p.amount_refunded, p.amount
        having coalesce(sum(r.amount), 0) <> p.amount_refunded or p.amount_refunded > p.amount
        """,
    ),
    Law(
        "I3",
        "payments and refunds name the booking and the currency of what they belong to",
        """
        select 'payment ' || p.id as finding
        from core.payments as p
        join core.checkouts as c on c.tenant_id = p.tenant_id and c.id = p.checkout_id
        where c.booking_id <> p.booking_id or c.state <> 'paid'
        union all
        select 'refund ' || r.id
        from core.refunds as r
        join core.payments as p on p.tenant_id = r.tenant_id and p.id = r.payment_id
        where p.booking_id <> r.booking_id or p.currency <> r.currency
        """,
    ),
    Law(
        "I4",
        "one payment outside is one payment here, and a paid checkout has one",
        """
        select p.payment_intent_id || ' is here ' || count(*) || ' times' as finding
        from core.payments as p
        group by p.payment_intent_id
        having count(*) > 1
        union all
        select 'checkout ' || c.id || ' has ' || count(p.id) || ' payments'
        from core.checkouts as c
        left join core.payments as p on p.tenant_id = c.tenant_id and p.checkout_id = c.id
        where c.state = 'paid'
        group by c.id
        having count(p.id) <> 1
        """,
    ),
    Law(
        "I4",
        "one provider event is recorded once",
        """
        select e.id || ' is here ' || count(*) || ' times' as finding
        from core.stripe_events as e
        group by e.id
        having count(*) > 1
        """,
    ),
    Law(
        "I4",
        "one refund has one effect",
        """
        select r.id || ' has ' || count(e.id) || ' effects' as finding
        from core.refunds as r
        left join core.effects as e on e.tenant_id = r.tenant_id and e.refund_id = r.id
            and e.kind = 'refund_payment' and e.key = 'refund_payment:' || r.id
        group by r.id
        having count(e.id) <> 1
        """,
    ),
    Law(
        "I4",
        "one client key of one caller made one booking, or one cart, until it is forgotten",
        """
        select b.id || ' was made by ' || count(distinct k.key) || ' keys' as finding
        from core.bookings as b
        join core.tenants as t on t.id = b.tenant_id
        left join core.idempotency_keys as k on k.tenant_id = b.tenant_id
            and k.result_id = b.id and k.operation = 'create_hold'
        where b.position = 1
            and b.created_at >= core.clock() - t.keep_requests_days * interval '24 hours'
        group by b.id
        having count(distinct k.key) <> case when exists (
                select from core.waitlist as w where w.booking_id = b.id -- no request made an offer
            ) then 0 else 1 end
        union all
        select 'key ' || k.key || ' made ' || count(distinct k.result_id) || ' bookings'
        from core.idempotency_keys as k
        where k.operation = 'create_hold'
        group by k.tenant_id, k.caller, k.key
        having count(distinct k.result_id) > 1
        """,
    ),
    Law(
        "I4",
        "a booking is offered to one waitlist entry, whose state agrees with it",
        f"""
        select 'entry ' || w.id || ' is ' || w.state || ', its booking '
            || coalesce(b.status, 'none') as finding
        from core.waitlist as w
        left join core.bookings as b on b.tenant_id = w.tenant_id and b.id = w.booking_id
        where w.state <> case
            when b.id is null and w.state in ('waiting', 'lapsed', 'left') then w.state
            when b.id is null then 'without a booking'
            when b.status in ('held', 'paying', 'requested') then 'offered'
            when b.status in {_KEPT} then 'booked'
            when w.state = 'waiting' then 'done with its booking'
            else w.state end
            or w.state = 'offered' and b.status not in ('held', 'paying', 'requested')
        union all
        select 'booking ' || w.booking_id || ' is offered to ' || count(*) || ' entries'
        from core.waitlist as w
        where w.booking_id is not null
        group by w.booking_id
        having count(*) > 1
        """,
    ),
    Law(
        "I13",
        "no customer or address holds more unpaid periods than the tenant allows",
        """
        select coalesce(encode(b.address_hash, 'hex'), c.mailbox) || ' keeps ' || count(*)
            as finding
        from core.bookings as b
        join core.tenants as t on t.id = b.tenant_id
        join core.customers as c on c.tenant_id = b.tenant_id and c.id = b.customer_id
        where (b.status = 'paying' or b.status = 'held' and b.hold_expires_at > core.clock())
            and (b.vouched or b.address_hash is not null)
            and not exists ( -- an offer was a place, and is made without asking
                select from core.waitlist as w where w.booking_id = b.id)
            and not exists ( -- a server said why
                select from audit.booking_events as e
                where e.booking_id = b.id and e.reason like 'held; limits overridden%')
        group by t.id, b.vouched, coalesce(encode(b.address_hash, 'hex'), c.mailbox)
        having count(*) > case
            when b.vouched then t.live_holds_per_customer else t.live_holds_per_address end
        """,
    ),
    Law(
        "I13",
        "no customer or address has more waitlist entries, or offers, than the tenant allows",
        """
        select coalesce(encode(w.address_hash, 'hex'), c.mailbox) || ' has ' || count(*)
            || ' entries' as finding
        from core.waitlist as w
        join core.tenants as t on t.id = w.tenant_id
        join core.customers as c on c.tenant_id = w.tenant_id and c.id = w.customer_id
        where w.state = 'waiting' and w.ends_at > core.clock() and w.override_reason is null
            and (w.vouched or w.address_hash is not null)
        group by t.id, w.vouched, coalesce(encode(w.address_hash, 'hex'), c.mailbox)
        having count(*) > case
            when w.vouched then t.places_per_customer else t.places_per_address end
        union all
        select encode(w.address_hash, 'hex') || ' has ' || count(*) || ' offers'
        from core.waitlist as w
        join core.tenants as t on t.id = w.tenant_id
        join core.bookings as b on b.tenant_id = w.tenant_id and b.id = w.booking_id
        where w.state = 'offered' and w.address_hash is not null and not w.vouched
            and (b.status <> 'held' or b.hold_expires_at > core.clock())
        group by t.id, w.address_hash
        having count(*) > t.offers_per_address
        """,
    ),
    Law(
        "I13",
        "a customer has no more of a resource, paid or vouched for, than it gives to one",
        """
        select c.mailbox || ' has ' || count(*) || ' of ' || r.name as finding
        from core.bookings as b
        join core.customers as c on c.tenant_id = b.tenant_id and c.id = b.customer_id
        join core.resources as r on r.tenant_id = b.tenant_id and r.id = b.resource_id
        where (b.status in ('scheduled', 'active') or b.vouched and (
                b.status = 'paying' or b.status = 'held' and b.hold_expires_at > core.clock()))
            and b.ends_at > core.clock()
            and not exists (
                select from audit.booking_events as e
                where e.booking_id = b.id and e.reason like 'held; limits overridden%')
        group by r.tenant_id, r.id, c.mailbox
        having count(*) > r.customer_limit
        """,
    ),
    Law(
        "I6",
        "no booking was confirmed once its time had begun, nor with others of which one had",
        """
        select e.booking_id || ' was confirmed at ' || e.at || ', and began at ' || s.at as finding
        from audit.booking_events as e
        join core.bookings as b on b.tenant_id = e.tenant_id and b.id = e.booking_id
        cross join lateral (
            -- where it was then: before the reschedules made since
            select min(coalesce(
                (select c.from_starts_at from core.reschedules as c
                where c.tenant_id = o.tenant_id and c.booking_id = o.id and c.state = 'applied'
                    and c.updated_at > e.at
                order by c.updated_at limit 1), o.starts_at)) as at
            from core.bookings as o
            where o.tenant_id = b.tenant_id
                and coalesce(o.cart_id, o.id) = coalesce(b.cart_id, b.id)
        ) as s
        where e.to_status = 'scheduled' and e.from_status <> 'scheduled' and e.at >= s.at
        """,
    ),
    Law(
        "I6",
        "no booking was rescheduled once its old time or its new one had begun",
        """
        select c.booking_id || ' was rescheduled at ' || c.updated_at as finding
        from core.reschedules as c
        where c.state = 'applied' and c.updated_at >= least(c.from_starts_at, c.starts_at)
        """,
    ),
    Law(
        "I5",
        "a booking has at most one payable checkout",
        """
        select c.booking_id || ' has ' || count(*) as finding
        from core.checkouts as c
        where c.state in ('creating', 'open', 'pending')
        group by c.tenant_id, c.booking_id
        having count(*) > 1
        """,
    ),
    Law(
        "I5",
        "what a checkout can still be paid for waits for it, or the checkout is being closed; or it"
        " waits for a delayed payment, which cannot be closed, and the time has begun",
        """
        select b.id || ' is ' || b.status || ' while its checkout is ' || c.state as finding
        from core.checkouts as c
        join core.bookings as b on b.tenant_id = c.tenant_id and b.id = c.booking_id
        left join core.reschedules as g on g.tenant_id = c.tenant_id and g.id = c.reschedule_id
        where c.state in ('creating', 'open', 'pending')
            and (c.reschedule_id is null and b.status <> 'paying' or g.state <> 'pending')
            and not exists (
                select from core.effects as e
                where e.tenant_id = c.tenant_id and e.checkout_id = c.id and e.state = 'pending'
            )
            and not (c.state = 'pending' and core.clock() >= least(b.starts_at, g.starts_at, (
                select min(o.starts_at) from core.bookings as o
                where o.tenant_id = b.tenant_id and o.cart_id = b.cart_id
                    and c.reschedule_id is null)))
        """,
    ),
    Law(
        "I14",
        "compiled openings are what is computed from the rules, for every resource",
        """
        select 'resource ' || coalesce(w.resource_id, c.resource_id) || ' opens '
            || coalesce(w.opens_at, c.opens_at) || case when c is null then ', compiled alone'
                when w is null then ', computed alone' else ', differently compiled' end as finding
        from core.openings as w
        full join (
            select c.*
            from core.timetables as t
            join core.resources as r on r.tenant_id = t.tenant_id and r.id = t.resource_id
                and r.archived_at is null
            cross join lateral core.computed_openings(r, t.opened_from, t.opened_until) as c
        ) as c on c.tenant_id = w.tenant_id and c.resource_id = w.resource_id
            and c.opens_at = w.opens_at and c.closes_at = w.closes_at
        where w is distinct from c
        union all
        select 'resource ' || coalesce(r.id, t.resource_id) || ' has no '
            || case when t is null then 'timetable' else 'use for its timetable' end
        from (select * from core.resources where archived_at is null) as r
        full join core.timetables as t on t.tenant_id = r.tenant_id and t.resource_id = r.id
        where r is null or t is null
        """,
        costly=True,
    ),
    Law(
        "I14",
        "a timetable knows whether openings overlap",
        """
        select 'resource ' || t.resource_id || ' says ' || t.overlapping as finding
        from core.timetables as t
        where t.overlapping <> exists (
            select from (
                select w.opens_at, max(w.closes_at) over (
                    order by w.opens_at, w.closes_at
                    rows between unbounded preceding and 1 preceding) as closed_at
                from core.openings as w
                where w.tenant_id = t.tenant_id and w.resource_id = t.resource_id
            ) as o
            where o.opens_at < o.closed_at)
        """,
        costly=True,
    ),
    Law(
        "I14",
        "what can be booked is compiled as the catalogue has it",
        """
        select 'resource ' || coalesce(b.resource_id, c.resource_id) || ' offers '
            || coalesce(b.offering_id, c.offering_id) || case when c is null then ', compiled alone'
                when b is null then ', computed alone' else ', differently compiled' end as finding
        from core.bookables as b
        full join (
            select c.* from core.resources as r
            cross join lateral core.bookable_rows(r.tenant_id, r.id) as c
        ) as c on c.tenant_id = b.tenant_id and c.resource_id = b.resource_id
            and c.offering_id = b.offering_id and c.tier = b.tier and c.package = b.package
        where b is distinct from c
        """,
    ),
)

QUIESCENT: tuple[Law, ...] = (
    Law(
        "I11",
        "no waitlist entry waits for a start that is free",
        """
        select 'entry ' || w.id || ' waits for ' || s.starts_at as finding
        from core.waitlist as w
        join core.resources as r on r.tenant_id = w.tenant_id and r.id = w.resource_id
        join core.offerings as o on o.tenant_id = w.tenant_id and o.id = w.offering_id
        -- what is free is asked for in the tenant's name
        cross join lateral set_config('holdfast.tenant_id', w.tenant_id::text, true) as entered
        cross join lateral core.free_slots(
            r, o, case when entered <> '' then w.starts_at end,
            w.starts_at + interval '1 microsecond', core.clock()) as s
        join core.tenants as t on t.id = w.tenant_id
        where w.state = 'waiting' and r.archived_at is null and o.archived_at is null
            and w.starts_at is not null and w.ends_at > core.clock()
            and (w.vouched or not exists ( -- who asked twice is offered it once
                select from core.waitlist as twin
                where twin.tenant_id = w.tenant_id and twin.resource_id = w.resource_id
                    and twin.customer_id = w.customer_id and twin.state in ('offered', 'booked')
                    and twin.address_hash is not distinct from w.address_hash))
            and (w.vouched or w.address_hash is null or t.offers_per_address is null
                or t.offers_per_address > (
                    select count(*) from core.waitlist as other
                    where other.tenant_id = w.tenant_id and other.state = 'offered'
                        and other.address_hash = w.address_hash))
        """,
    ),
    Law(
        "I6",
        "no hold and no reschedule has outlived its deadline",
        """
        select b.id || ' is ' || b.status || ' until ' || b.hold_expires_at as finding
        from core.bookings as b
        where b.hold_expires_at <= core.clock()
        union all
        select 'reschedule ' || c.id || ' waits until ' || c.expires_at
        from core.reschedules as c
        where c.expires_at <= core.clock()
        """,
    ),
    Law(
        "I6",
        "no effect waits, and none was given up",
        """
        select e.key || ' is ' || e.state || ' after ' || e.attempts || ' attempts: '
            || coalesce(e.last_error, '') as finding
        from core.effects as e
        where e.state <> 'done'
        """,
    ),
    Law(
        "I6",
        "no refund waits",
        """
        select r.id || ' is ' || r.status as finding
        from core.refunds as r
        where r.status in ('queued', 'pending')
        """,
    ),
    Law(
        "I6",
        "no refund has failed, or a new one has replaced it: otherwise a person must look",
        """
        select r.id || ' of ' || r.amount || ' ' || r.currency || ' has failed' as finding
        from core.refunds as r
        join core.payments as p on p.tenant_id = r.tenant_id and p.id = r.payment_id
        where r.status = 'failed' and r.replaced_by is null
            and p.amount_refunded + r.amount <= p.amount
        """,
    ),
    Law(
        "I6",
        "money is kept only for a confirmed booking",
        f"""
        select p.id || ': ' || p.amount - p.amount_refunded || ' ' || p.currency
            || ' kept of a booking that is ' || b.status as finding
        from core.payments as p
        join core.bookings as b on b.tenant_id = p.tenant_id and b.id = p.booking_id
        where p.amount_refunded < p.amount and b.status not in {_KEPT}
        """,
    ),
    Law(
        "I6",
        "the payment status of a booking is true",
        f"""
        select b.id || ' says ' || b.payment_status || ', keeps ' || coalesce(m.kept, 0)
            || ' of ' || coalesce(m.captured, 0) as finding
        from core.bookings as b
        left join lateral (
            select sum(p.amount) as captured, sum(p.amount - p.amount_refunded) as kept
            from core.payments as p
            join core.bookings as paid on paid.tenant_id = p.tenant_id and paid.id = p.booking_id
            where p.tenant_id = b.tenant_id
                and coalesce(paid.cart_id, paid.id) = coalesce(b.cart_id, b.id)
        ) as m on true
        cross join lateral (
            select sum(o.amount) as price
            from core.bookings as o
            where o.tenant_id = b.tenant_id
                and coalesce(o.cart_id, o.id) = coalesce(b.cart_id, b.id)
        ) as whole
        where b.payment_status <> case
            when m.captured is null then 'unpaid'
            when m.kept = 0 then 'refunded'
            when b.status in {_KEPT} and m.kept >= whole.price then 'paid'
            when m.kept < m.captured then 'partially_refunded'
            else 'paid'
        end
        """,
    ),
)

# After a whole turn of the sweep `retention`.
SWEPT: tuple[Law, ...] = (
    Law(
        "I14",
        "openings are compiled from now to beyond what can be booked",
        """
        select 'resource ' || r.id || ' is compiled from ' || coalesce(t.opened_from::text, 'never')
            || ' until ' || coalesce(t.opened_until::text, 'never') as finding
        from core.resources as r
        left join core.timetables as t on t.tenant_id = r.tenant_id and t.resource_id = r.id
        where r.archived_at is null and (t is null or t.opened_from > core.clock()
            or t.opened_until < core.clock() + (r.horizon_days + 39) * interval '24 hours')
        """,
    ),
    Law(
        "I14",
        "openings of days that are over are not kept",
        """
        select 'resource ' || w.resource_id || ' keeps what closed ' || w.closes_at as finding
        from core.openings as w
        where w.closes_at < core.clock() - interval '72 hours'
        """,
    ),
    Law(
        "kept",
        "an unpaid booking is not kept longer than its tenant keeps it, unless money, a change or a"
        " finding belongs to it",
        """
        select b.id || ' of ' || b.updated_at as finding
        from core.bookings as b
        join core.tenants as t on t.id = b.tenant_id
        where b.status = 'expired' and b.payment_status = 'unpaid' and b.dispute_status = 'none'
            and not exists (
                select from core.bookings as o -- those that are held together go together
                left join core.payments as p on p.tenant_id = o.tenant_id and p.booking_id = o.id
                left join core.reschedules as c
                    on c.tenant_id = o.tenant_id and c.booking_id = o.id
                left join core.findings as f on f.tenant_id = o.tenant_id and f.booking_id = o.id
                left join core.stripe_events as e on e.tenant_id = o.tenant_id
                    and e.booking_id = o.id
                where o.tenant_id = b.tenant_id
                    and coalesce(o.cart_id, o.id) = coalesce(b.cart_id, b.id)
                    and (o.updated_at >= core.clock() - t.keep_unpaid_days * interval '24 hours'
                        or o.status <> 'expired' or p.id is not null or c.id is not null
                        or f.booking_id is not null or e.booking_id is not null))
        """,
    ),
    Law(
        "kept",
        "nothing else is kept longer than its tenant keeps it",
        """
        select 'entry ' || w.id || ' of ' || w.updated_at as finding
        from core.waitlist as w
        join core.tenants as t on t.id = w.tenant_id
        where w.state not in ('waiting', 'offered')
            and w.updated_at < core.clock() - t.keep_waitlist_days * interval '24 hours'
        union all
        select 'request of ' || k.created_at
        from core.idempotency_keys as k
        join core.tenants as t on t.id = k.tenant_id
        where k.created_at < core.clock() - t.keep_requests_days * interval '24 hours'
        union all
        select 'event ' || e.id || ' of ' || e.received_at
        from core.stripe_events as e
        join core.tenants as t on t.id = e.tenant_id
        where e.received_at < core.clock() - t.keep_events_days * interval '24 hours'
        union all
        select 'effect ' || e.key || ' of ' || e.updated_at
        from core.effects as e
        join core.tenants as t on t.id = e.tenant_id
        where e.kind in ('expire_session', 'notify_offer') and e.state = 'done'
            and e.updated_at < core.clock() - t.keep_unpaid_days * interval '24 hours'
        """,
    ),
    Law(
        "kept",
        "a customer without bookings and waitlist entries is not kept",
        """
        select 'customer ' || c.id as finding
        from core.customers as c
        where not exists (
                select from core.bookings as b
                where b.tenant_id = c.tenant_id and b.customer_id = c.id)
            and not exists (
                select from core.waitlist as w
                where w.tenant_id = c.tenant_id and w.customer_id = c.id)
        """,
    ),
)
