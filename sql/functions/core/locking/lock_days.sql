-- core.lock_days: serialise all that want time of one resource on the same UTC days.
--
-- Days are a fixed partition of time, so it does not matter whose midnight they have; bookings on
-- different days never wait for each other. Locked in ascending order, before any booking row.
--
-- The caller shares the resource's rules already (core.share_rules).
--
-- Locks     pg_advisory_xact_lock per UTC day that the range touches, to the end of the transaction
-- Raises    nothing (55P03 when the caller's lock_timeout passes)
-- Backstop  occupancies_no_overlap
create or replace function core.lock_days(p_resource_id uuid, p_during tstzrange)
returns void
language plpgsql volatile
as $$
declare
    v_day date := (pg_catalog.lower(p_during) at time zone 'UTC')::date;
    -- the upper bound is exclusive: a range that ends at midnight does not touch the next day
    v_last date := ((pg_catalog.upper(p_during) - interval '1 microsecond') at time zone 'UTC')::date;
begin
    while v_day <= v_last loop
        -- spelled out, as a date's own text depends on the session's DateStyle
        perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(
            'resource:' || p_resource_id || ':'
                || pg_catalog.to_char(v_day::timestamp, 'YYYY-MM-DD'), 0));
        v_day := v_day + 1;
    end loop;
end;
$$;
