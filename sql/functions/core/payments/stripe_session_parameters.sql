-- core.stripe_session_parameters: exactly what is sent to Stripe to make a checkout's session.
--
-- Kept in the checkout's row, so that a repeat with the same idempotency key is the same request
-- even after a new version of this function was deployed.
--
-- p_delayed whether methods may be offered whose result comes days later; all of them are named here,
--           and which of the others are offered is set in Stripe's dashboard
-- Source    Stripe API, POST /v1/checkout/sessions; docs.stripe.com/payments/payment-methods, those
--           whose notification is delayed
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.stripe_session_parameters(
    p_booking core.bookings, p_checkout_id uuid, p_expires_at timestamptz,
    p_success_url text, p_cancel_url text, p_delayed boolean)
returns jsonb
language plpgsql stable
as $$
declare
    v_metadata jsonb := pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'tenant_id', p_booking.tenant_id, 'booking_id', p_booking.id,
            'checkout_id', p_checkout_id,
            -- of the request that began the attempt; every repeat sends the same
            'request_id', nullif(pg_catalog.current_setting('holdfast.request_id', true), '')));
    v_customer core.customers;
begin
    select * into v_customer from core.customers as c
    where c.tenant_id = p_booking.tenant_id and c.id = p_booking.customer_id;

    return pg_catalog.jsonb_build_object(
        'mode', 'payment',
        'submit_type', 'book',
        'client_reference_id', p_checkout_id,
        'customer_email', v_customer.email,
        'success_url', p_success_url,
        'cancel_url', p_cancel_url,
        'expires_at', pg_catalog.date_part('epoch', p_expires_at)::bigint,
        'adaptive_pricing', '{"enabled": false}'::jsonb, -- the price is paid in its own currency
        'metadata', v_metadata,
        'payment_intent_data', pg_catalog.jsonb_build_object('metadata', v_metadata),
        'line_items', case
            when p_booking.cart_id is null
            then pg_catalog.jsonb_build_array(core.line_item(p_booking))
            else (
                select pg_catalog.jsonb_agg(core.line_item(b) order by b.position)
                from core.bookings as b
                where b.tenant_id = p_booking.tenant_id and b.cart_id = p_booking.cart_id)
        end)
        || case when p_delayed then '{}' else pg_catalog.jsonb_build_object(
            'excluded_payment_method_types', array[
                'acss_debit', 'au_becs_debit', 'bacs_debit', 'boleto', 'customer_balance', 'konbini',
                'multibanco', 'nz_bank_account', 'oxxo', 'payto', 'sepa_debit', 'sofort',
                'us_bank_account']) end;
end;
$$;
