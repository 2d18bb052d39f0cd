-- core.visibly_taken: whether a hold of all these periods is doomed, as far as can be seen without a
-- lock: one of them has no place left, or is no period at all.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none: who passes is looked at again under the lock, by core.hold_periods
create or replace function core.visibly_taken(p_requested core.requested_period[], p_at timestamptz)
returns boolean
language plpgsql stable
as $$
declare
    v_one core.requested_period;
begin
    foreach v_one in array p_requested loop
        if v_one.period is null or core.places_left(
            v_one.resource, v_one.offering,
            pg_catalog.lower(v_one.period), pg_catalog.upper(v_one.period), p_at) < 1
        then
            return true;
        end if;
    end loop;
    return false;
end;
$$;
