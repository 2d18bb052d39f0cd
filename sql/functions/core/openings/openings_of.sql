-- core.openings_of: the openings of a resource in which a period may start in [p_from, p_until).
--
-- Those that open before p_until and close after p_from: the compiled ones, or computed where a part
-- of the range is not compiled. It never writes.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.openings_of(
    p_resource core.resources, p_from timestamptz, p_until timestamptz)
returns setof core.openings
language plpgsql stable
rows 30
as $$
begin
    if exists (
        select from core.timetables as t
        where t.tenant_id = p_resource.tenant_id and t.resource_id = p_resource.id
            and t.opened_from <= p_from and t.opened_until >= p_until)
    then
        return query
        select *
        from core.openings as w
        where w.tenant_id = p_resource.tenant_id and w.resource_id = p_resource.id
            and w.opens_at < p_until and w.closes_at > p_from
            -- the longest window is a day, which is two where a zone repeats a date
            and w.opens_at > p_from - interval '50 hours';
    else
        return query select * from core.computed_openings(p_resource, p_from, p_until);
    end if;
end;
$$;
