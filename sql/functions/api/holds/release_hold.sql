-- api.release_hold: release a held time before it is paid.
--
-- A time whose checkout can still be paid is not free yet: the answer then carries the effect that
-- closes the checkout at the provider, leased to the caller, and the time is released with its
-- result.
--
-- p_version the version the client has seen (If-Match), or null
-- Returns   {"released": boolean, "booking": …, "effect": … | null}
--
-- Locks     the booking; the effect that closes its checkout, or as core.transition_booking
-- Raises    KHAUT · KHNTF no such booking for this actor · KHVER stale version
--           KHSTA  past the point where a hold can be released, or a delayed payment is under way,
--                  or it is held with others and not the first
-- Backstop  trigger bookings_100_guard_transition
create or replace function api.release_hold(p_actor jsonb, p_booking_id uuid, p_version integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'booking.release');
    v_booking core.bookings := core.lock_booking(v_actor, p_booking_id);
    v_checkout core.checkouts;
    v_effect jsonb;
begin
    if v_booking.status <> 'expired' then -- releasing twice is one release
        perform core.require_version(v_booking, p_version);
    end if;

    perform core.require_cart_leader(v_booking);
    if v_booking.status in ('held', 'paying') then
        v_checkout := core.payable_checkout(v_booking);
        if v_checkout.state = 'pending' then
            raise exception 'a payment for the booking is in progress'
                using errcode = 'KHSTA',
                    hint = 'wait for its result: GET /v1/bookings/{booking_id}/confirmation';
        elsif v_checkout.id is not null then
            v_effect := core.close_checkout(v_checkout, 'released', 30);
        else
            v_booking := core.transition_booking(v_booking, 'expired', 'released by the customer');
        end if;
    elsif v_booking.status <> 'expired' then
        raise exception 'a % booking can no longer be released', v_booking.status
            using errcode = 'KHSTA', hint = 'cancel a confirmed booking instead';
    end if;

    perform core.still_authorized(v_actor);
    return pg_catalog.jsonb_build_object(
        'released', v_booking.status = 'expired',
        'booking', core.booking_json(v_booking),
        'effect', v_effect);
end;
$$;
