-- core.lock_days_or_lose: lock the days of all periods that a hold wants. Returns the periods as they are found
-- then; null, with no day locked, if a single period was waited for and is visibly taken.
--
-- All who wait wake up together when the one that has the days is done, and those whose time is gone go
-- at once. A period that can still be had is tried again, and after some rounds its turn is waited for.
--
-- Locks     as core.lock_requested_days; meanwhile as core.await_days
-- Raises    nothing (KHTKN ends here; 55P03 when the caller's lock_timeout passes)
-- Backstop  occupancies_no_overlap
create or replace function core.lock_days_or_lose(p_requested core.requested_period[])
returns core.requested_period[]
language plpgsql volatile
as $$
declare
    v_one core.requested_period := p_requested[1];
    v_range tstzrange;
begin
    if pg_catalog.cardinality(p_requested) > 1 then
        perform core.lock_requested_days(p_requested);
        return p_requested;
    end if;

    v_range := core.lock_range(
        (v_one.bookable).daily_limit, (v_one.bookable).timezone, v_one.during);
    for v_round in 1 .. 4 loop
        if core.try_days((v_one.bookable).resource_id, v_range) then
            return array[v_one];
        end if;
        begin
            perform core.await_days((v_one.bookable).resource_id, v_range);
            v_one := core.found_again(v_one, core.clock());
            raise exception 'shared no longer' using errcode = 'KHTKN', hint = 'go by what was found';
        exception when sqlstate 'KHTKN' then
            null; -- the locks of this block ended with it
        end;
        if v_one.taken then
            return null;
        end if;
    end loop;
    perform core.lock_requested_days(array[v_one]);
    return array[core.found_again(v_one, core.clock())];
end;
$$;
