-- core.hold: write the booking that holds a wanted period. Its time is taken by core.occupy.
--
-- p_booking_id  of the first booking of the request, which carries the money of all
-- p_in_cart     whether the request has more than one period
-- Locks     none
-- Raises    nothing
-- Backstop  bookings_sound
create or replace function core.hold(
    p_actor core.actor, p_requested core.requested_period, p_booking_id uuid, p_in_cart boolean,
    p_secret_hash bytea, p_request jsonb, p_customer_id uuid, p_unchecked boolean, p_at timestamptz)
returns core.bookings
language plpgsql volatile
as $$
declare
    v_booking core.bookings;
    v_bookable core.bookables := p_requested.bookable;
    v_starts_at timestamptz := pg_catalog.lower(p_requested.period);
    v_reason text := pg_catalog.set_config('holdfast.reason', 'held' || coalesce(
        '; limits overridden by the server: ' || (p_request #>> '{override,reason}'), ''), true);
begin
    insert into core.bookings (
        tenant_id, id, cart_id, position, pool_id, resource_id, offering_id, tier, package,
        customer_id, customer_name, customer_phone, notes, vouched, address_hash, locale, timezone,
        starts_at, ends_at, booked_on, buffer_before_minutes, buffer_after_minutes,
        calendar_unchecked, amount, currency, rate_locked_at,
        free_cancel_until, status, hold_expires_at, hold_limit_at,
        client_secret_hash, secret_key_id, created_at, updated_at)
    values (
        p_actor.tenant_id,
        case when p_requested.position = 1 then p_booking_id else core.new_id() end,
        case when p_in_cart then p_booking_id end,
        p_requested.position, p_requested.pool_id, v_bookable.resource_id, v_bookable.offering_id,
        v_bookable.tier, v_bookable.package,
        p_customer_id, p_request #>> '{customer,name}', p_request #>> '{customer,phone}',
        p_request ->> 'notes', p_actor.side = 'server',
        p_actor.address_hash, p_request ->> 'locale', p_request ->> 'timezone',
        v_starts_at, pg_catalog.upper(p_requested.period), p_requested.booked_on,
        v_bookable.buffer_before_minutes, v_bookable.buffer_after_minutes,
        p_unchecked, v_bookable.amount, v_bookable.currency, p_at,
        v_starts_at - v_bookable.free_cancel_hours * interval '1 hour',
        'held', p_at + (p_actor.tenant).hold_minutes * interval '1 minute',
        p_at + (p_actor.tenant).hold_limit_minutes * interval '1 minute',
        p_secret_hash, p_actor.secret_key_id, p_at, p_at)
    returning * into v_booking;
    return v_booking;
end;
$$;
