-- core.open_windows: when a resource is open, as instants, for the local days that a period
-- touches.
--
-- One row per rule and local day; on_day is the local day on which the window begins. A window
-- whose closing is not after its opening ends on the next local day. A day with an override has
-- that day's rules instead of the week's; one that is closed has none.
--
-- Locks     none
-- Raises    nothing
-- Backstop  weekly_hours_no_overlap, date_overrides_no_overlap
create or replace function core.open_windows(
    p_resource core.resources, p_from timestamptz, p_to timestamptz)
returns table (on_day date, opens_at timestamptz, closes_at timestamptz)
language plpgsql stable
rows 60
as $$
declare
    -- two days back: a window that began yesterday may still be open, and a zone may have skipped
    -- yesterday
    v_first date := (p_from at time zone p_resource.timezone)::date - 2;
    v_last date := (p_to at time zone p_resource.timezone)::date + 1;
    v_special date[] := array(
        select o.on_date
        from core.date_overrides as o
        where o.tenant_id = p_resource.tenant_id and o.resource_id = p_resource.id
            and o.on_date between v_first and v_last);
begin
    return query
    select r.local_day,
        core.local_instant(r.local_day + r.opens, p_resource.timezone, 'start'),
        core.local_instant(
            case when r.closes > r.opens then r.local_day else r.local_day + 1 end + r.closes,
            p_resource.timezone, 'end')
    from (
        select d.local_day, h.opens, h.closes
        from (
            select v_first + n as local_day
            from pg_catalog.generate_series(0, v_last - v_first) as n
        ) as d
        join core.weekly_hours as h
            on h.weekday = pg_catalog.date_part('isodow', d.local_day)::smallint
            and h.validity @> d.local_day
        where h.tenant_id = p_resource.tenant_id and h.resource_id = p_resource.id
            and d.local_day <> all (v_special)
        union all
        select o.on_date, o.opens, o.closes
        from core.date_overrides as o
        where v_special <> '{}'
            and o.tenant_id = p_resource.tenant_id and o.resource_id = p_resource.id
            and o.on_date between v_first and v_last and o.opens is not null
    ) as r;
end;
$$;
