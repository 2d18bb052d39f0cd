-- core.pool_candidates: the resources of a pool in the order in which a hold tries them.
--
-- Fair: the resource with the fewest live bookings in the requested local week comes first; among
-- equals the order differs from hold to hold, but is the same whenever this hold is repeated.
--
-- p_item    {"pool_id", "offering_id", "starts_at" | "date"}
-- p_seed    the hold's own id
-- Locks     none
-- Raises    KHNTF  no such pool, or none of its resources has the offering
-- Backstop  none
create or replace function core.pool_candidates(
    p_actor core.actor, p_item jsonb, p_seed uuid, p_at timestamptz)
returns uuid[]
language plpgsql stable
as $$
declare
    v_pool core.pools := core.require_pool(p_actor, (p_item ->> 'pool_id')::uuid);
    v_offering core.offerings := core.require_pool_offering(
        v_pool, (p_item ->> 'offering_id')::uuid);
begin
    return array(
        select (m.resource).id
        from (
            select r as resource,
                pg_catalog.date_trunc('week', coalesce(
                    (p_item ->> 'date')::timestamp,
                    (p_item ->> 'starts_at')::timestamptz at time zone r.timezone))::date as monday
            from core.pool_members(v_pool, v_offering.id) as r
        ) as m
        order by coalesce((
                select pg_catalog.sum(d.bookings)
                from core.booked_days(m.resource, m.monday, m.monday + 6, p_at, null) as d), 0),
            pg_catalog.md5(p_seed::text || (m.resource).id::text));
end;
$$;
