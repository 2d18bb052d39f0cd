-- core.end_reschedule: end the reschedule whose checkout can no longer be paid, unless it is over already.
--
-- Returns the booking as it then is.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  none
create or replace function core.end_reschedule(p_booking core.bookings, p_checkout core.checkouts)
returns core.bookings
language plpgsql volatile
as $$
declare
    v_reschedule core.reschedules := core.pending_reschedule(p_booking);
begin
    if v_reschedule.id is distinct from p_checkout.reschedule_id then
        return p_booking;
    end if;
    return core.expire_reschedule(p_booking, v_reschedule, case
        when p_checkout.close_reason = 'released' then 'the change was given up'
        when p_checkout.close_reason = 'deadline' or p_checkout.state = 'expired'
        then 'the change was not paid in time'
        else 'the payment of the change failed'
    end);
end;
$$;
