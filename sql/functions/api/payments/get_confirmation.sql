-- api.get_confirmation: the state of a booking, in words for its customer.
--
-- Returns   {"status", "reason": text | null, "booking": …, "ask": session id | null}
--           held        a time is reserved, nothing was paid yet
--           processing  a checkout is open or its result is awaited; ask names the session to ask
--                       about, to one of those who poll, once in five seconds
--           confirmed   paid, the time is theirs
--           refunding   the refund is under way; reason says why
--           refunded    the refund has succeeded; reason says why
--           otherwise   the booking's own status: expired, cancelled, declined, ended, …
--
-- Locks     none that it waits for; core.stripe_session_to_ask takes the checkout's row if that is free
-- Raises    KHAUT · KHNTF no such booking for this actor
-- Backstop  row-level security
create or replace function api.get_confirmation(p_actor jsonb, p_booking_id uuid)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'booking.read');
    v_booking core.bookings;
    v_checkout core.checkouts;
    v_refund core.refunds;
    v_asked uuid;
    v_session_id text;
    v_status text;
begin
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = v_actor.tenant_id and b.id = p_booking_id;
    perform core.require_booking_access(v_actor, v_booking);

    v_checkout := core.payable_checkout(v_booking);
    if v_booking.status = 'paying' and v_booking.cart_id <> v_booking.id then
        -- paid with the first of its cart
        v_asked := (
            select c.id from core.checkouts as c
            where c.tenant_id = v_booking.tenant_id and c.booking_id = v_booking.cart_id
                and c.state in ('creating', 'open', 'pending'));
    elsif v_booking.status = 'paying' or v_checkout.reschedule_id is not null then
        v_asked := v_checkout.id;
    elsif v_booking.status in ('expired', 'cancelled', 'declined') then
        select * into v_refund
        from core.refunds as r
        where r.tenant_id = v_booking.tenant_id and r.booking_id = coalesce(v_booking.cart_id, v_booking.id)
        order by r.created_at desc, r.id desc
        limit 1;
    end if;

    if v_asked is not null then
        v_session_id := core.stripe_session_to_ask(v_booking.tenant_id, v_asked);
    end if;

    v_status := case
        when v_booking.status = 'paying' then 'processing'
        when v_booking.status = 'held' and v_booking.hold_expires_at <= core.clock() then 'expired'
        when v_booking.status in ('scheduled', 'active') then 'confirmed'
        when v_refund.status in ('queued', 'pending') then 'refunding'
        when v_refund.status = 'succeeded' then 'refunded'
        else v_booking.status
    end;
    return pg_catalog.jsonb_build_object(
        'status', v_status, 'reason', v_refund.reason,
        'booking', core.booking_json(v_booking), 'ask', v_session_id);
end;
$$;
