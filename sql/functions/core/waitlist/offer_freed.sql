-- core.offer_freed: a booking's time has become free; offer it to whoever waits for it.
--
-- Runs in the transaction that frees the time, so that nobody can jump the queue. It must not make
-- that transaction wait, which holds the booking's row already: where core.offer_time cannot go on
-- at once, the time is free until api.offer_waiting comes by.
--
-- Locks     as core.offer_time
-- Raises    nothing
-- Backstop  occupancies_no_overlap
create or replace function core.offer_freed(p_booking core.bookings)
returns void
language plpgsql volatile
set enable_sort = off
as $$
declare
    v_first uuid;
    v_resource core.resources;
begin
    -- asked for in its order, the index of the resource is taken, and not another of the tenant
    select w.id into v_first
    from core.waitlist as w
    where w.tenant_id = p_booking.tenant_id and w.resource_id = p_booking.resource_id
        and w.state = 'waiting'
    order by w.created_at, w.id
    limit 1;
    if v_first is null then
        return;
    end if;

    select * into v_resource
    from core.resources as r
    where r.tenant_id = p_booking.tenant_id and r.id = p_booking.resource_id;
    begin
        perform core.offer_time(v_resource, core.occupied(
            p_booking.starts_at, p_booking.ends_at,
            p_booking.buffer_before_minutes, p_booking.buffer_after_minutes));
    exception when lock_not_available then
        null;
    end;
end;
$$;
