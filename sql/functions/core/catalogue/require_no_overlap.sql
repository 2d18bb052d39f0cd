-- core.require_no_overlap: refuse a window that overlaps another one, naming it.
--
-- p_kind    hours or override; other kinds may overlap
-- p_window  the new row
-- Locks     none (the caller has the resource's rules)
-- Raises    KHOVL  detail is {"window": the one it overlaps}
-- Backstop  weekly_hours_no_overlap, date_overrides_no_overlap
create or replace function core.require_no_overlap(p_kind text, p_window jsonb)
returns void
language plpgsql stable
as $$
declare
    -- without the generated columns, which overrides have of other types
    v_hours core.weekly_hours := pg_catalog.jsonb_populate_record(
        null::core.weekly_hours, p_window - '{minutes,validity}'::text[]);
    v_from integer := (pg_catalog.date_part('epoch', v_hours.opens) / 60)::integer;
    v_minutes integer := (pg_catalog.date_part('epoch', v_hours.closes) / 60)::integer - v_from
        + case when v_hours.closes < v_hours.opens then 1440 else 0 end;
    v_other jsonb;
begin
    if p_kind = 'hours' then
        v_from := v_from + (v_hours.weekday - 1) * 1440;
        select core.hours_json(h) into v_other
        from core.weekly_hours as h
        where h.tenant_id = v_hours.tenant_id and h.resource_id = v_hours.resource_id
            and h.id <> v_hours.id
            and (h.minutes && pg_catalog.int4range(v_from, v_from + v_minutes)
                -- a window past Sunday's midnight continues at the beginning of the week
                or h.minutes && pg_catalog.int4range(v_from - 10080, v_from + v_minutes - 10080))
            and coalesce(h.valid_from <= v_hours.valid_until, true)
            and coalesce(v_hours.valid_from <= h.valid_until, true)
        order by h.weekday, h.opens
        limit 1;
    elsif p_kind = 'override' then
        select core.override_json(o) into v_other
        from core.date_overrides as o
        where o.tenant_id = v_hours.tenant_id and o.resource_id = v_hours.resource_id
            and o.id <> v_hours.id and o.on_date = (p_window ->> 'on_date')::date
            and (v_hours.opens is null
                or o.minutes && pg_catalog.int4range(v_from, v_from + v_minutes))
        order by o.opens
        limit 1;
    end if;

    if v_other is not null then
        raise exception using
            errcode = 'KHOVL',
            detail = pg_catalog.jsonb_build_object('window', v_other)::text;
    end if;
end;
$$;
