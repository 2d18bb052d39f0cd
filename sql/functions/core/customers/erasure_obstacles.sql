-- core.erasure_obstacles: why a booking's customer cannot be erased now.
--
-- A live booking needs its customer, a payment or refund under way needs its booking, and a letter
-- under way is sent.
--
-- Returns   each reason once: live_booking, payment_under_way, refund_under_way, refund_failed,
--           dispute_open, effect_pending
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  none
create or replace function core.erasure_obstacles(p_booking core.bookings, p_at timestamptz)
returns setof text
language plpgsql volatile
as $$
begin
    if p_booking.status in ('held', 'requested')
        or p_booking.status in ('scheduled', 'active') and p_booking.ends_at > p_at
    then
        return next 'live_booking';
    end if;
    if p_booking.status = 'paying' or exists (
        select from core.checkouts as c
        where c.tenant_id = p_booking.tenant_id and c.booking_id = p_booking.id
            and c.state in ('creating', 'open', 'pending'))
    then
        return next 'payment_under_way';
    end if;
    if p_booking.dispute_status = 'open' then
        return next 'dispute_open';
    end if;
    if exists (
        select from core.refunds as r
        where r.tenant_id = p_booking.tenant_id and r.booking_id = p_booking.id
            and r.status in ('queued', 'pending'))
    then
        return next 'refund_under_way';
    end if;
    if exists (
        select from core.refunds as r
        where r.tenant_id = p_booking.tenant_id and r.booking_id = p_booking.id
            and r.status = 'failed' and r.replaced_by is null)
    then
        return next 'refund_failed';
    end if;
    if exists (
        select from core.effects as e
        where e.tenant_id = p_booking.tenant_id and e.booking_id = p_booking.id
            and (e.kind <> 'notify_offer' and e.state in ('pending', 'dead')
                or e.state = 'pending' and e.lease is not null and e.due_at > p_at))
    then
        return next 'effect_pending';
    end if;
end;
$$;
