-- core.pay_back: the one door through which money goes back: once for each key of a booking.
--
-- Of what the booking was paid with, the newest payment first. A payment that is not kept for anything
-- goes back whole: it is booked as unapplied, and leaves at once.
--
-- p_key      what happened: price_difference:<reschedule>, not_kept:<payment>
-- p_reason   see refunds_reason_known
-- p_amount   minor units
-- p_payment  the payment that is not kept, or null
-- Locks      the payments, newest first; as core.lock_accounts (the caller holds the booking's row)
-- Raises     P0004  less is held than is to go back: a fault of ours
-- Backstop   returns_once, allocations_returns_within_value, payments_refunds_within_capture,
--            accounts_never_negative
create or replace function core.pay_back(
    p_booking core.bookings, p_key text, p_reason text, p_amount bigint,
    p_payment core.payments default null)
returns void
language plpgsql volatile
as $$
declare
    v_return core.returns;
    v_source core.ledger_line := ('held', p_booking.id, p_amount);
    v_arrival core.ledger_line[] := '{}';
    v_lines core.ledger_line[];
begin
    insert into core.returns (tenant_id, id, booking_id, key, amount, currency, created_at)
    values (
        p_booking.tenant_id, core.new_id(), p_booking.id, p_key, p_amount,
        coalesce(p_payment.currency, p_booking.currency), core.clock())
    on conflict (tenant_id, booking_id, key) do nothing
    returning * into v_return;
    if not found then
        return; -- decided before
    end if;

    if p_payment.id is null then
        v_lines := v_source || core.take_back(v_return, p_reason);
    else
        v_source := ('unapplied', p_payment.id, p_amount);
        v_arrival := array[
            core.clearing_line(p_amount), ('unapplied', p_payment.id, -p_amount)::core.ledger_line];
        v_lines := array[v_source, core.queue_refund(v_return, p_payment.id, p_amount, p_reason)];
    end if;

    perform core.lock_accounts(v_return.tenant_id, v_return.currency, v_arrival || v_lines);
    if p_payment.id is not null then
        perform core.post(
            v_return.tenant_id, 'payment:' || p_payment.id, v_return.currency, p_booking.id, v_arrival);
    end if;
    perform core.post(
        v_return.tenant_id, 'return:' || v_return.id, v_return.currency, p_booking.id, v_lines);
end;
$$;
