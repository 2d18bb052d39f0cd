-- core.new_checkout: a new attempt to pay; its times are kept as long as its session, and a little
-- longer.
--
-- The 5 minutes after it let a payment in the last second arrive before the time is free for
-- others. A session lives for half an hour at least, so the sweep closes one that would outlive the
-- start.
--
-- p_reschedule  the reschedule whose difference is to be paid, or none: the booking itself
-- p_delayed whether methods may be offered whose result comes days later
-- Locks     none (the caller holds the booking's row)
-- Raises    KHAMT  the sum cannot be charged; see core.require_chargeable
-- Backstop  checkouts_one_payable_per_booking
create or replace function core.new_checkout(
    p_booking core.bookings, p_reschedule core.reschedules, p_success_url text, p_cancel_url text,
    p_delayed boolean)
returns core.checkouts
language plpgsql volatile
as $$
declare
    v_sold core.bookings := p_booking;
    v_checkout core.checkouts;
    v_id uuid := core.new_id();
    v_now timestamptz := core.clock();
    v_expires_at timestamptz := core.stripe_session_expiry(v_now);
    v_closed_at timestamptz := core.last_payment(
        least(core.first_start(p_booking), p_reschedule.starts_at));
    v_kept_until timestamptz := least(v_expires_at + interval '5 minutes', v_closed_at);
begin
    if p_reschedule.id is not null then
        v_sold := core.booking_after_reschedule(p_booking, p_reschedule);
        v_sold.amount := p_reschedule.difference;
        v_sold.cart_id := null; -- by itself
    end if;

    perform core.require_chargeable(core.cart_total(v_sold), v_sold.currency);
    insert into core.checkouts (
        tenant_id, id, booking_id, reschedule_id, state, parameters, amount, currency,
        stripe_session_expires_at, created_at, updated_at)
    values (
        p_booking.tenant_id, v_id, p_booking.id, p_reschedule.id, 'creating',
        core.stripe_session_parameters(
            v_sold, v_id, v_expires_at, p_success_url, p_cancel_url, p_delayed),
        core.cart_total(v_sold), v_sold.currency, least(v_expires_at, v_closed_at), v_now, v_now)
    returning * into v_checkout;

    if p_reschedule.id is not null then
        update core.reschedules as c
        set payment_pages = c.payment_pages + 1
        where c.tenant_id = p_reschedule.tenant_id and c.id = p_reschedule.id;
        perform core.extend_reschedule(
            p_booking, p_reschedule, v_kept_until, 'checkout of the change begun');
    else
        perform core.transition_booking(
            p_booking, 'paying', 'checkout begun',
            pg_catalog.jsonb_build_object(
                'hold_expires_at', v_kept_until, 'payment_pages', p_booking.payment_pages + 1));
    end if;
    return v_checkout;
end;
$$;
