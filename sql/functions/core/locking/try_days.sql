-- core.try_days: core.lock_days for callers that must not wait; false when one of the days is locked.
--
-- The days that were locked before that stay locked to the end of the transaction, or of the caller's
-- subtransaction.
--
-- Locks     the days: pg_try_advisory_xact_lock, ascending (the caller shares the resource's rules)
-- Raises    nothing
-- Backstop  occupancies_no_overlap
create or replace function core.try_days(p_resource_id uuid, p_during tstzrange)
returns boolean
language plpgsql volatile
as $$
declare
    v_day date := (pg_catalog.lower(p_during) at time zone 'UTC')::date;
    v_last date := ((pg_catalog.upper(p_during) - interval '1 microsecond') at time zone 'UTC')::date;
begin
    while v_day <= v_last loop
        if not pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended(
            'resource:' || p_resource_id || ':'
                || pg_catalog.to_char(v_day::timestamp, 'YYYY-MM-DD'), 0))
        then
            return false;
        end if;
        v_day := v_day + 1;
    end loop;
    return true;
end;
$$;
