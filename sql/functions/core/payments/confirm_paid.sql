-- core.confirm_paid: the booking is paid and has its time.
--
-- p_late    whether that had been lost before
-- Locks     none (the caller holds the booking's row)
-- Raises    KHSTA  no such transition (trigger bookings_100_guard_transition)
-- Backstop  bookings_scheduled_is_paid
create or replace function core.confirm_paid(
    p_booking core.bookings, p_checkout core.checkouts, p_reason text, p_late boolean)
returns core.settlement
language plpgsql volatile
as $$
begin
    perform core.transition_booking(
        p_booking, 'scheduled', p_reason, pg_catalog.jsonb_build_object('payment_status', 'paid'));
    perform core.close_other_checkouts(p_checkout);
    return core.settled(p_checkout, 'confirmed', p_late);
end;
$$;
