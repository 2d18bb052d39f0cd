-- core.move: the one door through which a booking changes its status.
--
-- Leaving the live statuses frees the time in the same statement's transaction; only held and
-- paying bookings have a deadline. Returns the booking as it then is.
--
-- p_changes other columns that change with it: {"hold_expires_at": …, "payment_status": …}
--
-- Locks     none (the caller holds the booking's row)
-- Raises    KHSTA  no such transition (trigger bookings_100_guard_transition)
-- Backstop  bookings_hold_has_deadline, bookings_scheduled_is_paid
create or replace function core.move(
    p_booking core.bookings, p_to text, p_reason text, p_changes jsonb default '{}')
returns core.bookings
language plpgsql volatile
as $$
declare
    v_booking core.bookings;
begin
    perform pg_catalog.set_config('holdfast.reason', p_reason, true);

    update core.bookings as b
    set status = p_to,
        payment_status = coalesce(p_changes ->> 'payment_status', b.payment_status),
        hold_expires_at = case
            when p_to in ('held', 'paying')
            then coalesce((p_changes ->> 'hold_expires_at')::timestamptz, b.hold_expires_at)
        end
    where b.tenant_id = p_booking.tenant_id and b.id = p_booking.id
    returning * into v_booking;

    if not core.is_live(p_to) then
        delete from core.occupancies as o
        where o.tenant_id = p_booking.tenant_id and o.booking_id = p_booking.id;
    end if;
    return v_booking;
end;
$$;
