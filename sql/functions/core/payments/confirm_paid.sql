-- core.confirm_paid: the booking is paid and has its time.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    KHSTA  no such transition (trigger bookings_100_guard_transition)
-- Backstop  bookings_scheduled_is_paid
create or replace function core.confirm_paid(
    p_booking core.bookings, p_checkout core.checkouts, p_reason text)
returns text
language plpgsql volatile
as $$
begin
    perform core.transition_booking(
        p_booking, 'scheduled', p_reason, pg_catalog.jsonb_build_object('payment_status', 'paid'));
    perform core.close_other_checkouts(p_checkout);
    return 'confirmed';
end;
$$;
