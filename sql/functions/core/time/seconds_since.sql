-- core.seconds_since: whole seconds from an instant to now; 0 for a future instant, or none.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.seconds_since(p_instant timestamptz, p_now timestamptz)
returns bigint
language plpgsql immutable
as $$
begin
    return greatest(
        0, coalesce(pg_catalog.floor(pg_catalog.date_part('epoch', p_now - p_instant)), 0))::bigint;
end;
$$;
