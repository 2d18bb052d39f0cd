-- core.drop_reschedule: end the reschedule of a booking that is over; its payment page, if any, is
-- closed by the outbox, and a payment that still arrives is refunded.
--
-- Locks     as core.close_checkout (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  none
create or replace function core.drop_reschedule(p_booking core.bookings)
returns void
language plpgsql volatile
as $$
declare
    v_reschedule core.reschedules := core.pending_reschedule(p_booking);
    v_checkout core.checkouts := core.payable_checkout(p_booking);
begin
    if v_reschedule.id is null then
        return;
    end if;
    if v_checkout.reschedule_id = v_reschedule.id then
        perform core.close_checkout(v_checkout, 'deadline', 0);
    end if;
    perform core.expire_reschedule(p_booking, v_reschedule, 'the booking is over, and so is its change');
end;
$$;
