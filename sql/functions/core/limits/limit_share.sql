-- core.limit_share: how much of one resource, and of one of its local days, browsers of one network
-- address keep unpaid, so that no calendar is blocked by a visitor.
--
-- Locks     none (the caller holds the address)
-- Raises    KHLIM  too many
-- Backstop  none: a count is not a constraint; the lock makes it one
create or replace function core.limit_share(p_actor core.actor, p_requested core.requested_period[])
returns void
language plpgsql volatile
set enable_sort = off
as $$
declare
    v_now timestamptz;
    v_tenant core.tenants;
    v_kept integer;
    v_part record;
begin
    if p_actor.side = 'server' or p_actor.address_hash is null then
        return;
    end if;
    v_tenant := p_actor.tenant;
    if v_tenant.live_holds_per_resource is null and v_tenant.live_holds_per_day is null then
        return;
    end if;
    v_now := core.clock();
    v_kept := (
        select pg_catalog.count(*)
        from core.live_periods(p_actor.tenant_id, p_actor.address_hash, v_now));
    if v_kept + pg_catalog.cardinality(p_requested)
        <= least(v_tenant.live_holds_per_resource, v_tenant.live_holds_per_day)
    then
        return; -- too few for any share
    end if;

    for v_part in
        select (w.bookable).resource_id, (w.bookable).timezone, d.on_day, pg_catalog.count(*) as periods
        from pg_catalog.unnest(p_requested) as w
        cross join lateral (
            select (pg_catalog.lower(w.period) at time zone (w.bookable).timezone)::date as on_day
        ) as d
        where w.period is not null
        group by grouping sets (
            ((w.bookable).resource_id, (w.bookable).timezone),
            ((w.bookable).resource_id, (w.bookable).timezone, d.on_day))
    loop
        perform core.require_room(
            array(
                select l.ends_at
                from core.live_periods(p_actor.tenant_id, p_actor.address_hash, v_now) as l
                where l.resource_id = v_part.resource_id and (v_part.on_day is null
                    or (l.starts_at at time zone v_part.timezone)::date = v_part.on_day)
                order by l.ends_at),
            v_part.periods::integer,
            case when v_part.on_day is null then v_tenant.live_holds_per_resource
                else v_tenant.live_holds_per_day end,
            v_now);
    end loop;
end;
$$;
