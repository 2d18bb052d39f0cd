-- core.try_lock_days: the rules and the days of a resource for callers that must not wait, and have not
-- shared the rules; false when one of them is locked.
--
-- Locks     the resource's rules, shared, if they are free; the days, as core.try_days
-- Raises    nothing
-- Backstop  occupancies_no_overlap
create or replace function core.try_lock_days(p_resource_id uuid, p_during tstzrange)
returns boolean
language plpgsql volatile
as $$
begin
    if not pg_catalog.pg_try_advisory_xact_lock_shared(
        pg_catalog.hashtextextended('rules:' || p_resource_id, 0))
    then
        return false;
    end if;
    return core.try_days(p_resource_id, p_during);
end;
$$;
