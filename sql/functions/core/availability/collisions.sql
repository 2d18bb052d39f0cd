-- core.collisions: the live bookings that have time in a range, and what can be done about each.
--
-- Returns   {"collisions": [at most 100, by start], "more_collisions": how many there are beyond those}
--
-- Locks     none (complete only while the caller has the resource's rules)
-- Raises    nothing
-- Backstop  none
create or replace function core.collisions(p_resource core.resources, p_during tstzrange, p_at timestamptz)
returns jsonb
language plpgsql stable
as $$
declare
    v_found jsonb[];
begin
    select pg_catalog.array_agg(
        pg_catalog.jsonb_build_object(
            'booking_id', b.id,
            'starts_at', core.utc(b.starts_at),
            'ends_at', core.utc(b.ends_at),
            'status', b.status,
            'customer_name', b.customer_name,
            'options', case
                when b.status in ('held', 'paying') then pg_catalog.jsonb_build_array(
                    pg_catalog.jsonb_build_object(
                        'action', 'release', 'method', 'DELETE', 'path', '/v1/holds/' || b.id))
                when b.status = 'scheduled' then pg_catalog.jsonb_build_array(
                    pg_catalog.jsonb_build_object(
                        'action', 'reschedule', 'method', 'POST',
                        'path', '/v1/bookings/' || b.id || '/reschedule'))
                else '[]'
            end || '[{"action": "keep", "method": null, "path": null}]'::jsonb)
        order by b.starts_at, b.id)
    into v_found
    from (select distinct u.booking_id from core.occupied_ranges(p_resource.id, p_during, p_at) as u) as u
    cross join lateral (
        select *
        from core.bookings as b
        where b.tenant_id = p_resource.tenant_id and b.id = u.booking_id
        limit 1 -- a search for each, whatever the planner thinks of empty tables
    ) as b;

    return pg_catalog.jsonb_build_object(
        'collisions', pg_catalog.to_jsonb(coalesce(v_found[:100], '{}')),
        'more_collisions', greatest(coalesce(pg_catalog.cardinality(v_found), 0) - 100, 0));
end;
$$;
