-- core.lock_requested_days: lock the days of all periods that a hold wants, in the one order of days.
--
-- By resource, and upwards within a resource: carts that want the same times the other way round
-- wait for each other instead of deadlocking.
--
-- Locks     the days of every period, in order of resource and day (the caller shares the rules)
-- Raises    nothing (55P03 when the caller's lock_timeout passes)
-- Backstop  occupancies_no_overlap
create or replace function core.lock_requested_days(p_requested core.requested_period[])
returns void
language plpgsql volatile
as $$
declare
    v_span record;
begin
    for v_span in
        select (w.bookable).resource_id, core.lock_range(
            (w.bookable).daily_limit, (w.bookable).timezone, w.during) as during
        from pg_catalog.unnest(p_requested) as w
        order by 1, 2
    loop
        perform core.lock_days(v_span.resource_id, v_span.during);
    end loop;
end;
$$;
