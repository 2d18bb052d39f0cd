-- core.open_windows: when a resource is open, as instants, for the local days that a period
-- touches.
--
-- One row per weekly rule and local day; on_day is that local day.
--
-- Locks     none
-- Raises    nothing
-- Backstop  weekly_hours_no_overlap
create or replace function core.open_windows(
    p_resource core.resources, p_from timestamptz, p_to timestamptz)
returns table (on_day date, opens_at timestamptz, closes_at timestamptz)
language plpgsql stable
rows 60
as $$
begin
    return query
    select d.local_day,
        core.local_instant(d.local_day + h.opens, p_resource.timezone, 'start'),
        core.local_instant(d.local_day + h.closes, p_resource.timezone, 'end')
    from (
        -- a day on either side: a window that began yesterday may still be open
        select (p_from at time zone p_resource.timezone)::date - 1 + n as local_day
        from pg_catalog.generate_series(
            0,
            (p_to at time zone p_resource.timezone)::date
                - (p_from at time zone p_resource.timezone)::date + 2) as n
    ) as d
    join core.weekly_hours as h
        on h.weekday = pg_catalog.date_part('isodow', d.local_day)::smallint
    where h.tenant_id = p_resource.tenant_id and h.resource_id = p_resource.id;
end;
$$;
