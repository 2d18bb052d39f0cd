-- core.transition_booking: the one door through which a booking changes its status.
--
-- Leaving the live statuses frees the time in the same transaction; only held and paying bookings have
-- a deadline. Until they are paid, bookings that were held together move together, after the first;
-- from then on each is on its own. Returns the booking as it then is.
--
-- What a booking says of its money follows from its payments. So its allocations are
-- written before it is confirmed.
--
-- p_changes other columns that change with it: {"hold_expires_at", "payment_pages"}
--
-- Locks     the rows of those that move with the first, in order of position (the caller holds the
--           booking's own); as core.close_checkout
-- Raises    KHSTA  no such transition (trigger bookings_100_guard_transition)
-- Backstop  bookings_hold_has_deadline, bookings_scheduled_is_paid
create or replace function core.transition_booking(
    p_booking core.bookings, p_to text, p_reason text, p_changes jsonb default '{}')
returns core.bookings
language plpgsql volatile
as $$
declare
    v_booking core.bookings;
    v_next core.bookings;
    v_payment_status text := p_booking.payment_status;
begin
    perform pg_catalog.set_config('holdfast.reason', p_reason, true);
    if p_booking.status <> 'held' then -- money comes only for what is being paid, or was
        v_booking := p_booking;
        v_booking.status := p_to;
        v_payment_status := core.derived_payment_status(v_booking);
    end if;

    update core.bookings as b
    set status = p_to,
        payment_status = v_payment_status,
        payment_pages = coalesce((p_changes ->> 'payment_pages')::integer, b.payment_pages),
        hold_expires_at = case
            when p_to in ('held', 'paying')
            then coalesce((p_changes ->> 'hold_expires_at')::timestamptz, b.hold_expires_at)
        end
    where b.tenant_id = p_booking.tenant_id and b.id = p_booking.id
    returning * into v_booking;

    if v_booking.cart_id = v_booking.id
        and p_booking.status in ('held', 'paying', 'requested', 'expired')
    then
        for v_next in
            select * from core.bookings as b
            where b.tenant_id = v_booking.tenant_id and b.cart_id = v_booking.id and b.position > 1
            order by b.position
            for no key update
        loop
            perform core.transition_booking(v_next, p_to, p_reason, p_changes);
        end loop;
    end if;

    if not core.is_live(p_to) then
        if p_booking.status = 'scheduled' then
            perform core.drop_reschedule(v_booking);
        end if;
        delete from core.occupancies as o
        where o.tenant_id = p_booking.tenant_id and o.booking_id = p_booking.id;
    end if;
    return v_booking;
end;
$$;
