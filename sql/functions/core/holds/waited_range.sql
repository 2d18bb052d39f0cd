-- core.waited_range: the whole range that a period of a waitlist entry could occupy.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.waited_range(
    p_entry core.waitlist, p_resource core.resources, p_offering core.offerings)
returns tstzrange
language plpgsql stable
as $$
declare
    v_starts tstzrange := core.waited_starts(
        p_entry.starts_at, p_entry.on_date, p_resource.timezone);
begin
    return core.widened(
        p_resource, p_offering, pg_catalog.lower(v_starts),
        -- a whole date is inside the window already
        pg_catalog.upper(v_starts) + coalesce(p_offering.duration_minutes, 0) * interval '1 minute');
end;
$$;
