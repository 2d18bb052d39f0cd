-- core.make_offers: offer a range of a resource's time to those who wait for any of it, first come,
-- first served; how many offers that made.
--
-- Does not wait, because its callers hold rows that others may want, out of the order of locks:
-- where a day is locked, nothing is offered. Should anything else have to be waited for,
-- that is for 10 ms at most, less than a deadlock lasts.
--
-- Locks     the days of the range, if they are free; stale holds in it; then as core.make_offer for each
--           place, first come first
-- Raises    55P03  another transaction has an entry or a stale hold; nothing was offered
-- Backstop  occupancies_no_overlap
create or replace function core.make_offers(p_resource core.resources, p_during tstzrange)
returns integer
language plpgsql volatile
set lock_timeout = '10ms'
set enable_sort = off
as $$
declare
    -- where bookings are counted by the day, any time of that day may be free now
    v_range tstzrange := core.lock_range(
        p_resource.daily_limit, p_resource.timezone, p_during);
    v_ids uuid[];
begin
    if p_resource.archived_at is not null then
        return 0;
    end if;

    if not core.try_lock_days(p_resource.id, v_range) then
        return 0;
    end if;
    if p_resource is distinct from (
        select r from core.resources as r
        where r.tenant_id = p_resource.tenant_id and r.id = p_resource.id)
    then
        return 0; -- changed before its rules were shared; the sweep looks again
    end if;
    v_ids := array(
        select w.id
        from core.waitlist as w
        join core.offerings as o on o.tenant_id = w.tenant_id and o.id = w.offering_id
        where w.tenant_id = p_resource.tenant_id and w.resource_id = p_resource.id
            and w.state = 'waiting' and core.waited_range(w, p_resource, o) && v_range
        order by w.created_at, w.id);

    -- expired holds are freed first: their time may be offered, too
    perform core.expire_stale_holds(p_resource, v_range);
    for v_number in 1 .. pg_catalog.cardinality(v_ids) loop
        perform core.make_offer(p_resource, v_ids[v_number]);
    end loop;

    return (
        select pg_catalog.count(*) filter (where w.state = 'offered')
        from core.waitlist as w
        where w.tenant_id = p_resource.tenant_id and w.id = any (v_ids));
end;
$$;
