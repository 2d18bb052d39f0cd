-- core.alternatives: the free times nearest to one that is taken, at most five, nearest first.
--
-- p_pool_id the pool that any resource of would do; null: only this resource
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.alternatives(
    p_resource core.resources, p_pool_id uuid, p_offering core.offerings,
    p_starts_at timestamptz, p_at timestamptz)
returns jsonb
language plpgsql stable
as $$
declare
    -- a resource booked by date has one start a day, so its neighbourhood is wider
    v_reach interval := case p_resource.booking_mode when 'date' then '336 hours' else '48 hours' end;
    v_near interval;
    v_nearest jsonb;
    v_pool core.pools;
    v_resources core.resources[] := array[p_resource];
begin
    if p_pool_id is not null then
        select * into v_pool
        from core.pools as p
        where p.tenant_id = p_resource.tenant_id and p.id = p_pool_id;
        v_resources := array(select m from core.pool_members(v_pool, p_offering.id) as m);
    end if;

    -- more distant times are searched only if that is not enough
    foreach v_near in array array[v_reach / 12, v_reach] loop
        select pg_catalog.jsonb_agg(
            core.slot_json(n.starts_at, n.ends_at, n.booked_on, n.remaining)
            order by greatest(n.starts_at - p_starts_at, p_starts_at - n.starts_at), n.starts_at)
        into v_nearest
        from (
            select s.starts_at, s.ends_at, s.booked_on, sum(s.remaining)::integer as remaining
            from pg_catalog.unnest(v_resources) as r
            cross join lateral core.free_slots(
                r, p_offering, p_starts_at - v_near, p_starts_at + v_near, p_at) as s
            group by s.starts_at, s.ends_at, s.booked_on
            order by greatest(s.starts_at - p_starts_at, p_starts_at - s.starts_at), s.starts_at
            limit 5
        ) as n;
        exit when pg_catalog.jsonb_array_length(v_nearest) = 5;
    end loop;
    return coalesce(v_nearest, '[]');
end;
$$;
