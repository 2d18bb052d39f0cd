-- core.lock_lost: lock the days of all the time that a lost hold had, so that it can be taken again.
--
-- Locks     the days of every period, in order of resource and day (the caller shares the rules)
-- Raises    nothing (55P03 when the caller's lock_timeout passes)
-- Backstop  occupancies_no_overlap
create or replace function core.lock_lost(p_booking core.bookings)
returns void
language plpgsql volatile
as $$
declare
    v_span record;
begin
    for v_span in
        select b.resource_id, core.lock_range(r.daily_limit, r.timezone, core.with_buffers(
            b.starts_at, b.ends_at, b.buffer_before_minutes, b.buffer_after_minutes)) as during
        from pg_catalog.unnest(core.cart_ids(p_booking)) as i
        cross join lateral (
            select * from core.bookings as one
            where one.tenant_id = p_booking.tenant_id and one.id = i
            limit 1) as b -- the limit keeps it a look-up by its key
        join core.resources as r on r.tenant_id = b.tenant_id and r.id = b.resource_id
        order by 1, 2
    loop
        perform core.lock_days(v_span.resource_id, v_span.during);
    end loop;
end;
$$;
