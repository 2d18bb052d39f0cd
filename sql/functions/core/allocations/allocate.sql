-- core.allocate: a payment carries this much of a booking.
--
-- Returns   the line by which the ledger holds it for the booking
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  allocations_once_per_instrument
create or replace function core.allocate(p_payment core.payments, p_booking_id uuid, p_value bigint)
returns core.ledger_line
language plpgsql volatile
as $$
begin
    insert into core.allocations (
        tenant_id, id, booking_id, kind, covers, value, currency, payment_id, created_at)
    values (
        p_payment.tenant_id, core.new_id(), p_booking_id, 'card', p_value, p_value,
        p_payment.currency, p_payment.id, core.clock());
    return ('held', p_booking_id, -p_value)::core.ledger_line;
end;
$$;
