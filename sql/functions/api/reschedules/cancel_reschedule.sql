-- api.cancel_reschedule: cancel a booking's reschedule that waits for its payment.
--
-- A difference that can still be paid keeps its time: the answer then carries the effect that closes
-- the checkout at the provider, leased to the caller, and the time is free with its result.
--
-- p_version the version the client has seen (If-Match), or null
-- Returns   {"abandoned": boolean, "booking": …, "effect": … | null}
--
-- Locks     the booking; the effect that closes its checkout
-- Raises    KHAUT · KHNTF no such booking for this actor · KHVER stale version
--           KHSTA  no reschedule waits, or a delayed payment for it is pending
-- Backstop  reschedules_pending_has_deadline
create or replace function api.cancel_reschedule(p_actor jsonb, p_booking_id uuid, p_version integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'reschedule.cancel');
    v_booking core.bookings := core.lock_booking(v_actor, p_booking_id);
    v_reschedule core.reschedules := core.pending_reschedule(v_booking);
    v_checkout core.checkouts;
    v_effect jsonb;
    v_last text;
begin
    if v_reschedule.id is not null then
        perform core.require_version(v_booking, p_version);
        v_checkout := core.payable_checkout(v_booking);
        if v_checkout.reschedule_id is distinct from v_reschedule.id then
            v_booking := core.expire_reschedule(v_booking, v_reschedule, 'the change was given up');
        elsif v_checkout.state = 'pending' then
            raise exception 'a payment for the reschedule is in progress'
                using errcode = 'KHSTA',
                    hint = 'wait for its result: GET /v1/bookings/{booking_id}/confirmation';
        else
            v_effect := core.close_checkout(v_checkout, 'released', 30);
            perform core.still_authorized(v_actor);
            return pg_catalog.jsonb_build_object(
                'abandoned', false, 'booking', core.booking_json(v_booking), 'effect', v_effect);
        end if;
    else
        select c.state into v_last
        from core.reschedules as c
        where c.tenant_id = v_booking.tenant_id and c.booking_id = v_booking.id
        order by c.created_at desc, c.id desc
        limit 1;
        if v_last is distinct from 'expired' then -- giving up twice is giving up once
            raise exception 'the booking has no reschedule that waits for payment'
                using errcode = 'KHSTA',
                    hint = 'an applied reschedule cannot be cancelled; reschedule the booking again';
        end if;
    end if;

    perform core.still_authorized(v_actor);
    return pg_catalog.jsonb_build_object(
        'abandoned', true, 'booking', core.booking_json(v_booking), 'effect', null);
end;
$$;
