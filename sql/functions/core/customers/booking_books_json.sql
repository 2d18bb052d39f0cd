-- core.booking_books_json: what other tables have about a booking, for its customer.
--
-- Returns   {"checkouts", "payments", "refunds", "moves", "letters", "history"}, each a list
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.booking_books_json(p_booking core.bookings)
returns jsonb
language plpgsql stable
as $$
begin
    return pg_catalog.jsonb_build_object(
        'checkouts', coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'id', c.id, 'state', c.state, 'amount', c.amount, 'currency', c.currency,
                'email', c.parameters ->> 'customer_email', 'session_id', c.stripe_session_id,
                'created_at', core.utc(c.created_at)))
            from core.checkouts as c
            where c.tenant_id = p_booking.tenant_id and c.booking_id = p_booking.id), '[]'),
        'payments', coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'id', p.id, 'status', p.status, 'amount', p.amount, 'currency', p.currency,
                'amount_refunded', p.amount_refunded, 'payment_intent_id', p.payment_intent_id,
                'created_at', core.utc(p.created_at)))
            from core.payments as p
            where p.tenant_id = p_booking.tenant_id and p.booking_id = p_booking.id), '[]'),
        'refunds', coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'id', r.id, 'status', r.status, 'amount', r.amount, 'currency', r.currency,
                'reason', r.reason, 'created_at', core.utc(r.created_at)))
            from core.refunds as r
            where r.tenant_id = p_booking.tenant_id and r.booking_id = p_booking.id), '[]'),
        'moves', coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'id', c.id, 'state', c.state, 'from', core.utc(c.from_starts_at),
                'to', core.utc(c.starts_at), 'created_at', core.utc(c.created_at)))
            from core.reschedules as c
            where c.tenant_id = p_booking.tenant_id and c.booking_id = p_booking.id), '[]'),
        'letters', coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'state', e.state, 'created_at', core.utc(e.created_at)))
            from core.effects as e
            where e.tenant_id = p_booking.tenant_id and e.booking_id = p_booking.id
                and e.kind = 'notify_offer'), '[]'),
        'history', coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'at', core.utc(e.at), 'status', e.to_status,
                'payment_status', e.to_payment_status, 'reason', e.reason))
            from audit.booking_events as e
            where e.tenant_id = p_booking.tenant_id and e.booking_id = p_booking.id), '[]'));
end;
$$;
