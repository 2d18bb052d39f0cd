-- core.retake: take a lost time again for a payment that came late; false when it is gone.
--
-- Locks     none (the caller holds the resource's days and the booking's row)
-- Raises    nothing
-- Backstop  occupancies_no_overlap
create or replace function core.retake(p_booking core.bookings)
returns boolean
language plpgsql volatile
as $$
declare
    v_resource core.resources;
begin
    if p_booking.starts_at <= core.clock() then
        return false; -- a time that has begun is of no use to anybody
    end if;

    select * into v_resource
    from core.resources as r
    where r.tenant_id = p_booking.tenant_id and r.id = p_booking.resource_id;

    return core.occupy(p_booking, v_resource);
end;
$$;
