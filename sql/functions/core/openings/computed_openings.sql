-- core.computed_openings: the openings of a resource that lie in a range, from its rules.
--
-- Those that open before p_until and close after p_from. Each is what it is whatever the range: how
-- long it is open without a break is looked up as far beyond as a booking can reach.
--
-- core.open_windows turns wall-clock times into instants; what they mean for bookings is decided here.
--
-- Locks     none
-- Raises    nothing
-- Backstop  openings_ordered
create or replace function core.computed_openings(
    p_resource core.resources, p_from timestamptz, p_until timestamptz)
returns setof core.openings
language plpgsql stable
set enable_sort = on
rows 100
as $$
declare
    c_longest constant interval := interval '168 hours'; -- offerings_duration_sane
begin
    if p_resource.booking_mode = 'date' then
        return query
        select p_resource.tenant_id, p_resource.id, d.starts_at, d.ends_at, d.ends_at, d.on_day
        from (
            select w.on_day,
                core.local_instant(w.on_day::timestamp, p_resource.timezone, 'start') as starts_at,
                core.local_instant((w.on_day + 1)::timestamp, p_resource.timezone, 'start') as ends_at
            from core.open_windows(p_resource, p_from, p_until) as w
            group by w.on_day
        ) as d
        where d.starts_at < d.ends_at -- a zone may skip a whole date
            and d.starts_at < p_until and d.ends_at > p_from;
        return;
    end if;

    return query
    with windows as ( -- a zone that skips a date has the windows of two days at once
        select w.opens_at, w.closes_at, pg_catalog.max(w.on_day) as on_day
        from core.open_windows(
            p_resource, p_from, p_until + c_longest + interval '50 hours') as w -- see core.openings_of
        where w.opens_at < w.closes_at
        group by w.opens_at, w.closes_at
    ),
    breaks as (
        select w.*,
            w.opens_at <= pg_catalog.max(w.closes_at) over (
                order by w.opens_at, w.closes_at
                rows between unbounded preceding and 1 preceding) as goes_on
        from windows as w
    ),
    runs as (
        select b.*,
            pg_catalog.count(*) filter (where b.goes_on is not true) over (
                order by b.opens_at, b.closes_at) as run
        from breaks as b
    ),
    opened as (
        select r.*, pg_catalog.max(r.closes_at) over (partition by r.run) as run_ends_at
        from runs as r
    )
    select p_resource.tenant_id, p_resource.id, o.opens_at, o.closes_at,
        least(o.run_ends_at, o.closes_at + c_longest), o.on_day
    from opened as o
    where o.opens_at < p_until and o.closes_at > p_from;
end;
$$;
