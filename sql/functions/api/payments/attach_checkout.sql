-- api.attach_checkout: record the session that was made for a checkout.
--
-- A webhook may have recorded it already; then nothing changes.
--
-- p_session the session as the provider answered it; null when it refused for good. Then a new
--           attempt can be begun, unless the customer has left or the deadline has passed:
--           nothing can be paid any more, so the booking ends here
-- Returns   {"booking": …, "checkout": …}
--
-- Locks     the booking; as core.transition_booking
-- Raises    KHAUT · KHNTF
-- Backstop  checkouts_stripe_session_unique, trigger bookings_100_guard_transition
create or replace function api.attach_checkout(
    p_actor jsonb, p_booking_id uuid, p_checkout_id uuid, p_session jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'checkout.begin');
    v_booking core.bookings := core.lock_booking(v_actor, p_booking_id);
    v_checkout core.checkouts;
begin
    update core.checkouts as c
    set state = case when p_session is null then 'failed' else 'open' end,
        stripe_session_id = p_session ->> 'id',
        stripe_session_url = p_session ->> 'url',
        -- a refused attempt makes room for the next one; it does not end the hold, unless it was
        -- being closed for that
        close_reason = case
            when p_session is null then coalesce(c.close_reason, 'superseded')
            else c.close_reason
        end
    where c.tenant_id = v_actor.tenant_id and c.id = p_checkout_id
        and c.booking_id is not distinct from p_booking_id -- else any index of bookings might be read
        and c.state = 'creating'
    returning * into v_checkout;

    if not found then
        select * into v_checkout
        from core.checkouts as c
        where c.tenant_id = v_actor.tenant_id and c.id = p_checkout_id
            and c.booking_id is not distinct from p_booking_id;
    elsif v_checkout.state = 'failed' and v_checkout.close_reason in ('released', 'deadline') then
        if v_checkout.reschedule_id is not null then
            v_booking := core.end_reschedule(v_booking, v_checkout);
        elsif v_booking.status = 'paying' then
            v_booking := core.transition_booking(v_booking, 'expired', case v_checkout.close_reason
                when 'released' then 'released by the customer'
                else 'the checkout ran out unpaid'
            end);
        end if;
    end if;

    perform core.still_authorized(v_actor);
    return pg_catalog.jsonb_build_object(
        'booking', core.booking_json(v_booking), 'checkout', core.checkout_json(v_checkout));
end;
$$;
