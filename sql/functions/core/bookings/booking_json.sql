-- core.booking_json: a booking as clients see it. The one public shape.
--
-- p_email     its customer's, p_cart_ids  as of core.cart_ids; looked up for who has not got them
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.booking_json(
    p_booking core.bookings, p_email text default null, p_cart_ids uuid[] default null)
returns jsonb
language plpgsql stable
as $$
declare
    v_email text := p_email;
begin
    if v_email is null then
        select c.email into v_email
        from core.customers as c
        where c.tenant_id = p_booking.tenant_id and c.id = p_booking.customer_id;
    end if;
    -- without a look into a table this is a simple expression to PL/pgSQL, at half the price
    return pg_catalog.jsonb_build_object(
        'id', p_booking.id,
        'reference', core.shown_reference(p_booking.reference),
        'status', p_booking.status,
        'payment_status', p_booking.payment_status,
        'outcome', p_booking.outcome,
        'dispute_status', p_booking.dispute_status,
        'resource_id', p_booking.resource_id,
        'offering_id', p_booking.offering_id,
        'tier', p_booking.tier,
        'package', p_booking.package,
        'starts_at', core.utc(p_booking.starts_at),
        'ends_at', core.utc(p_booking.ends_at),
        'date', p_booking.booked_on,
        'hold_expires_at', core.utc(p_booking.hold_expires_at),
        'price', pg_catalog.jsonb_build_object(
            'amount', p_booking.amount, 'currency', p_booking.currency),
        'customer', pg_catalog.jsonb_build_object(
            'name', p_booking.customer_name,
            'email', v_email,
            'phone', p_booking.customer_phone),
        'notes', p_booking.notes,
        'locale', p_booking.locale,
        'timezone', p_booking.timezone,
        'pool_id', p_booking.pool_id,
        'calendar_unchecked', p_booking.calendar_unchecked,
        'cart', case when p_booking.cart_id is not null then pg_catalog.jsonb_build_object(
            'id', p_booking.cart_id, 'position', p_booking.position,
            'booking_ids', coalesce(p_cart_ids, core.cart_ids(p_booking))) end,
        'free_cancel_until', core.utc(p_booking.free_cancel_until),
        'change', case when p_booking.status = 'scheduled' then core.reschedule_json(p_booking) end,
        'version', p_booking.version,
        'created_at', core.utc(p_booking.created_at),
        'updated_at', core.utc(p_booking.updated_at));
end;
$$;
