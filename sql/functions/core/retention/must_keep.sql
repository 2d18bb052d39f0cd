-- core.must_keep: whether a booking has to stay for what it is, or for what hangs on it.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  payments_booking_exists, refunds_booking_exists, reschedules_booking_exists
create or replace function core.must_keep(
    p_tenant core.tenants, p_booking_id uuid, p_at timestamptz)
returns boolean
language plpgsql volatile
as $$
declare
    v_booking core.bookings;
begin
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_tenant.id and b.id = p_booking_id;

    return v_booking.status <> 'expired'
        or v_booking.payment_status <> 'unpaid'
        or v_booking.dispute_status <> 'none'
        or v_booking.updated_at >= p_at - p_tenant.keep_unpaid_days * interval '24 hours'
        or exists (
            select from core.payments as p
            where p.tenant_id = p_tenant.id and p.booking_id = p_booking_id)
        or exists (
            select from core.refunds as r
            where r.tenant_id = p_tenant.id and r.booking_id = p_booking_id)
        or exists (
            select from core.reschedules as c
            where c.tenant_id = p_tenant.id and c.booking_id = p_booking_id
                and c.state = 'pending')
        or exists (
            select from core.findings as f
            where f.tenant_id = p_tenant.id and f.booking_id = p_booking_id)
        or exists (
            select from core.checkouts as c
            where c.tenant_id = p_tenant.id and c.booking_id = p_booking_id
                and c.state not in ('expired', 'failed'))
        or exists (
            select from core.effects as e
            where e.tenant_id = p_tenant.id and e.booking_id = p_booking_id
                and (e.kind = 'refund_payment' or e.state = 'pending'))
        or exists (
            select from core.stripe_events as s
            where s.tenant_id = p_tenant.id and s.booking_id = p_booking_id
                and s.received_at >= p_at - p_tenant.keep_events_days * interval '24 hours')
        or exists (
            select from core.waitlist as w
            where w.tenant_id = p_tenant.id and w.booking_id = p_booking_id
                and w.state not in ('lapsed', 'left'));
end;
$$;
