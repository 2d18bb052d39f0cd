-- core.reschedule_json: a booking's reschedule that waits for its payment, as clients see it; null when none
-- does.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.reschedule_json(p_booking core.bookings)
returns jsonb
language plpgsql stable
as $$
begin
    return (
        select pg_catalog.jsonb_build_object(
            'id', c.id,
            'resource_id', c.resource_id,
            'starts_at', core.utc(c.starts_at),
            'ends_at', core.utc(c.ends_at),
            'date', c.booked_on,
            'price', pg_catalog.jsonb_build_object('amount', c.amount, 'currency', c.currency),
            'difference', pg_catalog.jsonb_build_object(
                'amount', c.difference, 'currency', c.currency),
            'expires_at', core.utc(c.expires_at))
        from core.reschedules as c
        where c.tenant_id = p_booking.tenant_id and c.booking_id = p_booking.id
            and c.state = 'pending');
end;
$$;
