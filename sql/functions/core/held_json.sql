-- core.held_json: the answer of a repeated create_hold: the booking the first call made, as it is
-- now.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.held_json(p_actor core.actor, p_booking_id uuid)
returns jsonb
language plpgsql stable
as $$
declare
    v_booking core.bookings;
begin
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_actor.tenant_id and b.id = p_booking_id;
    return core.booking_json(v_booking);
end;
$$;
