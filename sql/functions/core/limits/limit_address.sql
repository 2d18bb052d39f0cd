-- core.limit_address: limit how many unpaid periods browsers of one network address hold and make,
-- and how soon they may hold again after some that were not paid.
--
-- A hold costs nothing until it is paid, so three things are counted: what the address holds now,
-- what it has taken in the last hour whatever its state, and how many of its requests of that hour
-- ended unpaid. From the first of those beyond free_lapses a pause is required before the next one:
-- 10 seconds, doubled with each further one, 10 minutes at most.
--
-- p_periods  how many more
--
-- Locks     none (the caller holds the address)
-- Raises    KHLIM  too many, or too soon
-- Backstop  none: a count is not a constraint; the lock makes it one
create or replace function core.limit_address(p_actor core.actor, p_periods integer)
returns void
language plpgsql volatile
set enable_sort = off
as $$
declare
    v_now timestamptz := core.clock();
    v_tenant core.tenants := p_actor.tenant;
    v_made_at timestamptz[];
    v_lapsed integer;
    v_go_on_at timestamptz;
begin
    perform core.require_room(
        array(select l.ends_at
            from core.live_periods(p_actor.tenant_id, p_actor.address_hash, v_now) as l
            order by l.ends_at),
        p_periods, v_tenant.live_holds_per_address, v_now);
    if v_tenant.holds_per_hour is null and v_tenant.free_lapses is null then
        return;
    end if;

    select pg_catalog.array_agg(m.created_at),
        pg_catalog.count(*) filter (where m.lapsed)
    into v_made_at, v_lapsed
    from (
        select b.created_at,
            b.position = 1 and b.payment_status = 'unpaid'
                and (b.status = 'expired' or b.status = 'held' and b.hold_expires_at <= v_now) as lapsed
        from core.bookings as b
        where b.tenant_id = p_actor.tenant_id
            and (b.address_hash, b.created_at) > (p_actor.address_hash, v_now - interval '1 hour')
            and (b.address_hash, b.created_at) <= (p_actor.address_hash, 'infinity'::timestamptz)
            and b.address_hash is not null
        order by b.address_hash, b.created_at
        offset 0
    ) as m;
    perform core.require_room(
        array(select made_at + interval '1 hour' from pg_catalog.unnest(v_made_at) as m (made_at)),
        p_periods, v_tenant.holds_per_hour, v_now);

    if v_lapsed > v_tenant.free_lapses then
        v_go_on_at := v_made_at[pg_catalog.cardinality(v_made_at)] + interval '1 second'
            * least(600, 10 * power(2, least(10, v_lapsed - v_tenant.free_lapses - 1)));
        if v_go_on_at > v_now then
            perform core.raise_too_many_holds(v_go_on_at, v_now);
        end if;
    end if;
end;
$$;
