-- core.confirm_paid: the booking is paid and has its time.
--
-- Each booking of a cart is allocated its own price of the payment.
--
-- p_late    whether that had been lost before
-- Locks     as core.transition_booking; as core.lock_accounts (the caller holds the booking's row)
-- Raises    KHSTA  no such transition (trigger bookings_100_guard_transition)
-- Backstop  bookings_scheduled_is_paid, journals_reference_once
create or replace function core.confirm_paid(
    p_booking core.bookings, p_checkout core.checkouts, p_payment core.payments, p_reason text,
    p_late boolean)
returns core.settlement
language plpgsql volatile
as $$
declare
    v_lines core.ledger_line[] := '{}';
    v_one record;
begin
    if p_booking.cart_id is null then
        v_lines := array[core.allocate(p_payment, p_booking.id, p_booking.amount)];
    else
        for v_one in
            select b.id, b.amount from core.bookings as b
            where b.tenant_id = p_booking.tenant_id and b.cart_id = p_booking.cart_id
            order by b.position
        loop
            v_lines := v_lines || core.allocate(p_payment, v_one.id, v_one.amount);
        end loop;
    end if;
    perform core.transition_booking(p_booking, 'scheduled', p_reason);
    perform core.close_other_checkouts(p_checkout);
    perform core.book_payment(p_payment, v_lines);
    return core.settled(p_checkout, 'confirmed', p_late);
end;
$$;
