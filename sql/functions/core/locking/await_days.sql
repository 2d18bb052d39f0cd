-- core.await_days: wait, together with all others that wait, until no other transaction has these
-- days.
--
-- Of a crowd that wants one time, one gets it. The others then wake up at once instead of one after
-- the other, and check whether it is taken. The caller releases the days again (lock_days_or_lose).
--
-- Locks     pg_advisory_xact_lock_shared per UTC day that the range touches, ascending
-- Raises    nothing (55P03 when the caller's lock_timeout passes)
-- Backstop  occupancies_no_overlap
create or replace function core.await_days(p_resource_id uuid, p_during tstzrange)
returns void
language plpgsql volatile
as $$
declare
    v_day date := (pg_catalog.lower(p_during) at time zone 'UTC')::date;
    v_last date := ((pg_catalog.upper(p_during) - interval '1 microsecond') at time zone 'UTC')::date;
begin
    while v_day <= v_last loop
        perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended(
            'resource:' || p_resource_id || ':'
                || pg_catalog.to_char(v_day::timestamp, 'YYYY-MM-DD'), 0));
        v_day := v_day + 1;
    end loop;
end;
$$;
