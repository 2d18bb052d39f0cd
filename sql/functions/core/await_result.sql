-- core.await_result: keep the time while a delayed payment method makes up its mind.
--
-- The deadline is only when the sweep asks the provider again; it never releases such a time by
-- itself.
--
-- Source    Stripe's delayed methods report within 14 days; usually within days
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  bookings_hold_has_deadline
create or replace function core.await_result(p_booking core.bookings)
returns void
language plpgsql volatile
as $$
begin
    if p_booking.hold_expires_at < core.clock() + interval '12 hours' then -- asked often, written seldom
        perform core.prolong(
            p_booking, core.clock() + interval '24 hours',
            'a delayed payment is under way; the time is kept');
    end if;
end;
$$;
