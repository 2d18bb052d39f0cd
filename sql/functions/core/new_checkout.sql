-- core.new_checkout: a fresh attempt to pay; the hold now lasts as long as its session, and a
-- little more.
--
-- Stripe wants at least 30 minutes between making a session and its expiry; 31 leave room for a
-- slow call. The 5 minutes after it let a payment of the last second arrive before anybody else
-- gets the time.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  checkouts_one_payable_per_booking
create or replace function core.new_checkout(
    p_booking core.bookings, p_success_url text, p_cancel_url text)
returns core.checkouts
language plpgsql volatile
as $$
declare
    v_checkout core.checkouts;
    v_id uuid := core.new_id();
    v_now timestamptz := core.clock();
    v_expires_at timestamptz := pg_catalog.date_trunc('second', v_now) + interval '31 minutes';
begin
    insert into core.checkouts (
        tenant_id, id, booking_id, state, parameters, amount, currency, session_expires_at,
        created_at, updated_at)
    values (
        p_booking.tenant_id, v_id, p_booking.id, 'creating',
        core.session_parameters(p_booking, v_id, v_expires_at, p_success_url, p_cancel_url),
        p_booking.amount, p_booking.currency, v_expires_at, v_now, v_now)
    returning * into v_checkout;

    perform core.move(
        p_booking, 'paying', 'checkout begun',
        pg_catalog.jsonb_build_object('hold_expires_at', v_expires_at + interval '5 minutes'));
    return v_checkout;
end;
$$;
