-- core.lock_reschedule_days: lock the days of the time a booking has and of the time it is to have.
--
-- In the one order that all share: by resource, then by day. Days that both touch are locked once:
-- the second call finds them held by this very transaction.
--
-- p_during  the range it is to occupy there, buffers included
-- Locks     the days of both ranges, in order of resource and day (the caller shares the rules)
-- Raises    nothing (55P03 when the caller's lock_timeout passes)
-- Backstop  occupancies_no_overlap
create or replace function core.lock_reschedule_days(
    p_booking core.bookings, p_resource core.resources, p_during tstzrange)
returns void
language plpgsql volatile
as $$
declare
    v_from core.resources;
    v_old tstzrange;
    v_new tstzrange := core.lock_range(
        p_resource.daily_limit, p_resource.timezone, p_during);
begin
    select * into v_from
    from core.resources as r
    where r.tenant_id = p_booking.tenant_id and r.id = p_booking.resource_id;
    v_old := core.lock_range(v_from.daily_limit, v_from.timezone, core.with_buffers(
        p_booking.starts_at, p_booking.ends_at,
        p_booking.buffer_before_minutes, p_booking.buffer_after_minutes));

    if (v_from.id, pg_catalog.lower(v_old)) <= (p_resource.id, pg_catalog.lower(v_new)) then
        perform core.lock_days(v_from.id, v_old);
        perform core.lock_days(p_resource.id, v_new);
    else
        perform core.lock_days(p_resource.id, v_new);
        perform core.lock_days(v_from.id, v_old);
    end if;
end;
$$;
