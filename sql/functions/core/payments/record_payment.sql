-- core.record_payment: record the payment of a checkout; nothing if it was recorded before.
--
-- Any other sum than the frozen price is quarantined; the caller refunds it.
--
-- p_amount  the frozen price, minor units of p_currency
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  payments_intent_unique: two events about one payment are one payment
create or replace function core.record_payment(
    p_checkout core.checkouts, p_session jsonb, p_amount bigint, p_currency text)
returns core.payments
language plpgsql volatile
as $$
declare
    v_amount bigint := (p_session ->> 'amount_total')::bigint;
    v_currency text := pg_catalog.upper(p_session ->> 'currency');
    v_payment core.payments;
begin
    insert into core.payments (
        tenant_id, id, booking_id, checkout_id, payment_intent_id, status, amount, currency,
        created_at, updated_at)
    values (
        p_checkout.tenant_id, core.new_id(), p_checkout.booking_id, p_checkout.id,
        p_session ->> 'payment_intent',
        case
            when v_amount is not distinct from p_amount
                and v_currency is not distinct from p_currency
            then 'captured' else 'quarantined'
        end,
        v_amount, v_currency, core.clock(), core.clock())
    on conflict (tenant_id, payment_intent_id) where payment_intent_id is not null do nothing
    returning * into v_payment;
    return v_payment;
end;
$$;
