-- The payments and refunds that exist: which booking each is for, their journals, and what each booking
-- says of its money.
--
-- In one transaction, some seconds for every hundred thousand payments. Allocations have the time of
-- their payment, journals that of what they record; their request is 'opening'. Refunds keep their
-- version: what clients see of them stays what it was.

alter table core.refunds disable trigger user;
create temporary table opening (
    tenant_id uuid, reference text, currency text, booking_id uuid, at timestamptz,
    kind text, subject_id uuid, amount bigint
) on commit drop;
grant select, insert on opening to holdfast_system;

-- Take a part of a return from what a payment carries of a booking.
--
-- Older code took a difference from any payment of the cart. Where that is more than the payment carries
-- of this booking, the two bookings swap: the other one is paid by another payment of this booking.
-- Neither has more or less by it, and no payment is more or less.
create function core.open_part(p_return core.returns, p_payment core.payments, p_refund core.refunds, p_newest uuid)
returns void
language plpgsql
as $$
declare
    v_one core.allocations;
    v_theirs core.allocations;
    v_mine core.allocations;
    v_wanted bigint;
    v_part bigint;
begin
    loop
        select * into v_one from core.allocations as a
        where a.tenant_id = p_return.tenant_id and a.booking_id = p_return.booking_id
            and a.kind = 'card' and a.payment_id = p_payment.id;
        v_wanted := p_refund.amount - coalesce(v_one.value - v_one.returned, 0);
        exit when v_wanted <= 0;

        select * into v_theirs from core.allocations as a
        where a.tenant_id = p_return.tenant_id and a.payment_id = p_payment.id
            and a.booking_id <> p_return.booking_id and a.returned < a.value
        order by a.booking_id limit 1;
        select * into v_mine from core.allocations as a
        where a.tenant_id = p_return.tenant_id and a.booking_id = p_return.booking_id
            and a.payment_id <> p_payment.id and a.returned < a.value
        order by a.created_at desc, a.id desc limit 1;
        assert v_theirs.id is not null and v_mine.id is not null,
            'more of a price went back than was paid: ' || p_refund.id;
        v_part := least(
            v_wanted, v_theirs.value - v_theirs.returned, v_mine.value - v_mine.returned);
        perform core.open_allocation(p_payment, p_return.booking_id, v_part);
        perform core.open_allocation(p, v_theirs.booking_id, v_part)
        from core.payments as p
        where p.tenant_id = v_mine.tenant_id and p.id = v_mine.payment_id;
        delete from core.allocations as a
        where a.tenant_id = p_return.tenant_id and a.id in (v_theirs.id, v_mine.id) and a.value = v_part;
        update core.allocations as a
        set value = a.value - v_part, covers = a.covers - v_part
        where a.tenant_id = p_return.tenant_id and a.id in (v_theirs.id, v_mine.id);
    end loop;

    update core.allocations as a
    set returned = a.returned + p_refund.amount
    where a.tenant_id = v_one.tenant_id and a.id = v_one.id;
    insert into core.return_parts (tenant_id, return_id, allocation_id, amount, refund_id)
    values (p_return.tenant_id, p_return.id, v_one.id, p_refund.amount, p_newest)
    on conflict (tenant_id, return_id, allocation_id) do update
        set amount = return_parts.amount + excluded.amount, refund_id = excluded.refund_id;
end;
$$;

create function core.open_allocation(p_payment core.payments, p_booking_id uuid, p_value bigint)
returns void
language sql
as $$
    insert into core.allocations as a (
        tenant_id, id, booking_id, kind, covers, value, currency, payment_id, created_at)
    values (
        p_payment.tenant_id, core.new_id(), p_booking_id, 'card', p_value, p_value,
        p_payment.currency, p_payment.id, p_payment.created_at)
    on conflict (tenant_id, booking_id, kind, payment_id) where booking_id is not null do update
        set covers = a.covers + excluded.covers, value = a.value + excluded.value
$$;

-- a refund's place in its chain: the one that was queued first, and the newest
create function core.open_newest(p_refund core.refunds)
returns uuid
language sql
as $$
    with recursive chain as (
        select p_refund.tenant_id, p_refund.id, p_refund.replaced_by
        union all
        select r.tenant_id, r.id, r.replaced_by
        from chain as c
        join core.refunds as r on r.tenant_id = c.tenant_id and r.id = c.replaced_by
    )
    select c.id from chain as c where c.replaced_by is null
$$;
grant execute on function core.open_part, core.open_allocation, core.open_newest to holdfast_system;

set local role holdfast_system;
do $$
declare
    v_rows bigint;
    v_left bigint;
    v_one record;
    v_return core.returns;
    v_refund core.refunds;
    v_payment core.payments;
begin
    -- a refund that a person queued by hand in place of one that had failed
    update core.refunds as r
    set replaced_by = n.id
    from core.refunds as n
    where r.status = 'failed' and r.replaced_by is null
        and n.tenant_id = r.tenant_id and n.payment_id = r.payment_id and n.id <> r.id
        and (n.created_at, n.id) > (r.created_at, r.id)
        and n.amount = r.amount and n.reason = r.reason and r.reason <> 'price_difference'
        and not exists (
            select from core.refunds as o
            where o.tenant_id = n.tenant_id and o.replaced_by = n.id)
        and not exists ( -- the next of its kind
            select from core.refunds as o
            where o.tenant_id = r.tenant_id and o.payment_id = r.payment_id
                and (o.created_at, o.id) > (r.created_at, r.id)
                and (o.created_at, o.id) < (n.created_at, n.id));
    get diagnostics v_rows = row_count;
    raise notice '% failed refunds had been queued again by hand', v_rows;

    -- What is kept: of a first payment the prices at that time, of a reschedule its difference
    insert into core.allocations (
        tenant_id, id, booking_id, kind, covers, value, currency, payment_id, created_at)
    select p.tenant_id, core.new_id(), o.id, 'card', v.value, v.value, p.currency, p.id,
        p.created_at
    from core.payments as p
    join core.checkouts as c on c.tenant_id = p.tenant_id and c.id = p.checkout_id
    join core.bookings as b on b.tenant_id = p.tenant_id and b.id = p.booking_id
        and b.status not in ('held', 'paying', 'requested', 'expired')
    join core.bookings as o on o.tenant_id = b.tenant_id
        and (o.id = b.id or c.reschedule_id is null and o.cart_id = b.id)
    cross join lateral (
        select case
            when c.reschedule_id is not null or b.cart_id is null then p.amount
            else o.amount - coalesce((
                select sum(s.difference) from core.reschedules as s
                where s.tenant_id = o.tenant_id and s.booking_id = o.id and s.state = 'applied'), 0)
            end as value
    ) as v
    where p.status = 'captured'
        and not exists (
            select from core.refunds as r
            where r.tenant_id = p.tenant_id and r.payment_id = p.id and r.reason <> 'price_difference');
    get diagnostics v_rows = row_count;
    raise notice '% allocations of the payments that are kept', v_rows;

    -- What went back because a price fell, in the order in which it did
    v_rows := 0;
    for v_one in
        select s.tenant_id, s.id, s.booking_id, -s.difference as amount, s.currency, s.updated_at,
            coalesce(b.cart_id, b.id) as cart_id
        from core.reschedules as s
        join core.bookings as b on b.tenant_id = s.tenant_id and b.id = s.booking_id
        where s.state = 'applied' and s.difference < 0
        order by s.tenant_id, s.updated_at, s.id
    loop
        insert into core.returns (tenant_id, id, booking_id, key, amount, currency, created_at)
        values (v_one.tenant_id, core.new_id(), v_one.booking_id, 'price_difference:' || v_one.id,
            v_one.amount, v_one.currency, v_one.updated_at)
        returning * into v_return;
        v_rows := v_rows + 1;
        v_left := v_one.amount;
        while v_left > 0 loop
            select r.* into v_refund
            from core.refunds as r
            join core.payments as p on p.tenant_id = r.tenant_id and p.id = r.payment_id
            join core.bookings as b on b.tenant_id = p.tenant_id and b.id = p.booking_id
            where r.tenant_id = v_one.tenant_id and coalesce(b.cart_id, b.id) = v_one.cart_id
                and r.reason = 'price_difference' and r.return_id is null
                and not exists (
                    select from core.refunds as o
                    where o.tenant_id = r.tenant_id and o.replaced_by = r.id)
            order by r.created_at, r.id limit 1;
            assert v_refund.amount <= v_left,
                'the refunds are not those of the price that fell: reschedule ' || v_one.id;
            select * into v_payment from core.payments as p
            where p.tenant_id = v_refund.tenant_id and p.id = v_refund.payment_id;
            perform core.open_part(
                v_return, v_payment, v_refund, core.open_newest(v_refund));
            update core.refunds as r
            set return_id = v_return.id
            where r.tenant_id = v_refund.tenant_id and r.id = v_refund.id;
            v_left := v_left - v_refund.amount;
        end loop;
    end loop;
    raise notice '% returns because a price fell', v_rows;

    -- What was not kept
    insert into core.returns (tenant_id, id, booking_id, key, amount, currency, created_at)
    select p.tenant_id, core.new_id(), p.booking_id, 'not_kept:' || p.id, p.amount, p.currency,
        p.created_at
    from core.payments as p
    where exists (
        select from core.refunds as r
        where r.tenant_id = p.tenant_id and r.payment_id = p.id and r.reason <> 'price_difference');
    get diagnostics v_rows = row_count;
    raise notice '% returns of payments that are not kept', v_rows;
    update core.refunds as r
    set return_id = t.id
    from core.returns as t
    where r.reason <> 'price_difference' and t.tenant_id = r.tenant_id
        and t.booking_id = r.booking_id and t.key = 'not_kept:' || r.payment_id;

    -- those queued in place of one that failed belong to its return
    loop
        update core.refunds as r
        set return_id = f.return_id
        from core.refunds as f
        where f.replaced_by = r.id and f.tenant_id = r.tenant_id and f.return_id is not null
            and r.return_id is null;
        exit when not found;
    end loop;
    update core.refunds as r
    set booking_id = t.booking_id
    from core.returns as t
    where t.tenant_id = r.tenant_id and t.id = r.return_id and t.booking_id <> r.booking_id;
    get diagnostics v_rows = row_count;
    raise notice '% refunds name the booking of their cart that they are for', v_rows;
    update core.effects as e
    set booking_id = r.booking_id
    from core.refunds as r
    where r.tenant_id = e.tenant_id and r.id = e.refund_id and r.booking_id <> e.booking_id;

    -- The books, from the beginning
    insert into opening
    select p.tenant_id, 'payment:' || p.id, p.currency, p.booking_id, p.created_at, l.*
    from core.payments as p
    cross join lateral (
        select 'clearing', '00000000-0000-0000-0000-000000000000'::uuid, p.amount
        union all
        select 'held', a.booking_id, -a.value
        from core.allocations as a where a.tenant_id = p.tenant_id and a.payment_id = p.id
        union all
        select 'unapplied', p.id, -p.amount
        where not exists (
            select from core.allocations as a where a.tenant_id = p.tenant_id and a.payment_id = p.id)
    ) as l
    union all
    select t.tenant_id, 'return:' || t.id, t.currency, t.booking_id, t.created_at, l.*
    from core.returns as t
    cross join lateral (
        select case when t.key like 'not_kept:%' then 'unapplied' else 'held' end,
            case when t.key like 'not_kept:%' then split_part(t.key, ':', 2)::uuid
                else t.booking_id end, t.amount
        union all
        select 'refunding', r.id, -r.amount
        from core.refunds as r
        where r.tenant_id = t.tenant_id and r.return_id = t.id and not exists (
            select from core.refunds as o where o.tenant_id = r.tenant_id and o.replaced_by = r.id)
    ) as l
    union all
    select r.tenant_id, 'refund:' || r.id, r.currency, r.booking_id, r.created_at, l.*
    from core.refunds as o
    join core.refunds as r on r.tenant_id = o.tenant_id and r.id = o.replaced_by
    cross join lateral (values ('owed', o.id, o.amount), ('refunding', r.id, -r.amount)) as l
    union all
    select r.tenant_id, case r.status when 'failed' then 'refund_failed:' else 'refunded:' end || r.id,
        r.currency, r.booking_id, r.updated_at, l.*
    from core.refunds as r
    cross join lateral (values
        ('refunding', r.id, r.amount),
        (case r.status when 'failed' then 'owed' else 'clearing' end,
            case r.status when 'failed' then r.id
                else '00000000-0000-0000-0000-000000000000'::uuid end, -r.amount)) as l
    where r.status in ('failed', 'succeeded');

    insert into ledger.accounts (
        tenant_id, id, kind, subject_id, currency, normal, balance, created_at)
    select o.tenant_id, core.account_id(o.tenant_id, o.kind, o.subject_id, o.currency), o.kind,
        o.subject_id, o.currency, case o.kind when 'clearing' then 1 else -1 end,
        case o.kind when 'clearing' then null else -sum(o.amount) end, min(o.at)
    from opening as o
    group by o.tenant_id, o.kind, o.subject_id, o.currency;
    insert into ledger.journals (
        tenant_id, id, reference, currency, lines, booking_id, at, request_id)
    select o.tenant_id, core.new_id(), o.reference, o.currency, count(*), o.booking_id, o.at, 'opening'
    from opening as o
    group by o.tenant_id, o.reference, o.currency, o.booking_id, o.at;
    get diagnostics v_rows = row_count;
    raise notice '% opening journals', v_rows;
    insert into ledger.postings (tenant_id, journal_id, account_id, amount)
    select o.tenant_id, j.id, core.account_id(o.tenant_id, o.kind, o.subject_id, o.currency), o.amount
    from opening as o
    join ledger.journals as j on j.tenant_id = o.tenant_id and j.reference = o.reference;

    -- What a booking says of its money follows from it: compared, and corrected as any change is
    perform pg_catalog.set_config('holdfast.actor_role', 'migration', true);
    perform pg_catalog.set_config('holdfast.reason', 'derived from its payments and refunds', true);
    update core.bookings as b
    set payment_status = d.status
    from (
        select b.tenant_id, b.id, core.derived_payment_status(b) as status
        from core.bookings as b
        where b.payment_status <> 'unpaid' or exists (
            select from core.payments as p
            where p.tenant_id = b.tenant_id and p.booking_id in (b.id, b.cart_id))
    ) as d
    where d.tenant_id = b.tenant_id and d.id = b.id and d.status <> b.payment_status;
    get diagnostics v_rows = row_count;
    raise notice '% bookings said something else of their money', v_rows;
    perform pg_catalog.set_config('holdfast.actor_role', '', true);
    perform pg_catalog.set_config('holdfast.reason', '', true);
end;
$$;
set local role holdfast_owner;
set constraints all immediate;
set constraints all deferred;
alter table core.refunds enable trigger user;
drop function core.open_part, core.open_allocation, core.open_newest;
