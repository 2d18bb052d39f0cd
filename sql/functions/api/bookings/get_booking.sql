-- api.get_booking: one booking, for an actor that may see it.
--
-- Locks     none
-- Raises    KHAUT · KHNTF no such booking for this actor
-- Backstop  row-level security
create or replace function api.get_booking(p_actor jsonb, p_booking_id uuid)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'booking.read');
    v_booking core.bookings;
begin
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = v_actor.tenant_id and b.id = p_booking_id;

    perform core.require_booking_access(v_actor, v_booking);
    return core.booking_json(v_booking);
end;
$$;
