-- core.limit_customer: limit how many unpaid periods, and waitlist entries, servers may have for
-- one customer.
--
-- A customer is a mailbox: an address with a tag (ada+2@…) is the same person. Counted is what a
-- secret key vouched for; typing an address into a browser does not use up its limit.
--
-- p_request, p_periods  as of core.require_hold_quota
--
-- Locks     the customer's mailbox
-- Raises    KHLIM  too many
-- Backstop  none: a count is not a constraint; the lock makes it one
create or replace function core.limit_customer(
    p_actor core.actor, p_request jsonb, p_periods integer)
returns void
language plpgsql volatile
set enable_sort = off set enable_incremental_sort = off
as $$
declare
    v_tenant core.tenants := p_actor.tenant;
    v_mailbox text := core.mailbox_of(p_request #>> '{customer,email}');
    v_customers uuid[];
    v_now timestamptz;
    v_ends_at timestamptz[];
begin
    perform core.lock_identity(p_actor.tenant_id, 'customer', v_mailbox);
    v_now := core.clock();
    if core.overrides(
        p_request, case when p_periods > 0 then 'customer_periods' else 'customer_places' end)
    then
        return;
    end if;

    select pg_catalog.array_agg(c.id) into v_customers
    from core.customers as c
    where c.tenant_id = p_actor.tenant_id and c.mailbox = v_mailbox;

    -- one customer after the other: for several at once it might read those of the whole tenant
    if p_periods > 0 then
        select pg_catalog.array_agg(h.ends_at order by h.ends_at) into v_ends_at
        from pg_catalog.unnest(v_customers) as c (id)
        cross join lateral (
            select greatest(b.hold_expires_at, v_now + interval '1 second') as ends_at
            from core.bookings as b
            where b.tenant_id = p_actor.tenant_id
                and (b.customer_id, b.hold_expires_at) >= (c.id, '-infinity'::timestamptz)
                and (b.customer_id, b.hold_expires_at) <= (c.id, 'infinity'::timestamptz)
                and b.vouched and b.hold_expires_at is not null
                and (b.status = 'paying' or b.hold_expires_at > v_now)
            order by b.customer_id, b.hold_expires_at
            offset 0
        ) as h;
        perform core.require_room(
            v_ends_at, p_periods, v_tenant.live_holds_per_customer, v_now, 'customer_periods');
    else
        select pg_catalog.array_agg(p.ends_at order by p.ends_at) into v_ends_at
        from pg_catalog.unnest(v_customers) as c (id)
        cross join lateral (
            select w.ends_at
            from core.waitlist as w
            where w.tenant_id = p_actor.tenant_id
                and (w.customer_id, w.ends_at) > (c.id, v_now)
                and (w.customer_id, w.ends_at) <= (c.id, 'infinity'::timestamptz)
                and w.vouched and w.state = 'waiting'
            order by w.customer_id, w.ends_at
            offset 0
        ) as p;
        perform core.require_room(
            v_ends_at, 1, v_tenant.places_per_customer, v_now, 'customer_places');
    end if;
end;
$$;
