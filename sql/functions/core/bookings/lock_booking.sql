-- core.lock_booking: a booking this actor may act on, its row locked to the end of the transaction.
--
-- A secret key reaches every booking of its tenant; a publishable key needs the booking's own
-- secret. A booking out of reach looks just like one that does not exist.
--
-- Locks     the booking's row, for no key update: an event's foreign key holds a share lock on it, and
--           two events of one booking must not wait for each other's
-- Raises    KHNTF  no such booking for this actor
-- Backstop  row-level security
create or replace function core.lock_booking(p_actor core.actor, p_booking_id uuid)
returns core.bookings
language plpgsql volatile
as $$
declare
    v_booking core.bookings;
begin
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_actor.tenant_id and b.id = p_booking_id
    for no key update;

    perform core.require_booking_access(p_actor, v_booking);
    return v_booking;
end;
$$;
