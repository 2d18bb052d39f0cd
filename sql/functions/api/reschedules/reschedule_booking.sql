-- api.reschedule_booking: move a booking to another bookable time, at today's price.
--
-- If it costs no more it is moved at once: the old time is free exactly when the new one is taken,
-- and a difference is refunded. If it costs more it takes the new time beside the old one, and
-- moves when the difference is paid (api.begin_checkout). A hold gets its new price, and keeps its
-- deadline. The deadline of free cancellation stays.
--
-- p_key      the client's idempotency key
-- p_request  {"starts_at" | "date", "resource_id": another resource that has the offering, or null}
-- p_version  the version the client has seen (If-Match), or null
-- Returns    the booking; its "change" is there if it waits for a payment
--
-- Locks     the rules of the old and the new resource, shared; the customer, if the resource limits
--           its customers; the days of the old and of the new
--           time; the booking, after its cart's first; the request key; as core.occupy; as
--           core.pay_back
-- Raises    KHAUT · KHNTF no such booking, resource, or the resource does not have the offering · KHPRC
--           KHVER stale version · KHKEY · KHOFF · KHTKN · KHCAL · KHCAU
--           KHEXP  the hold has expired
--           KHSTA  see core.require_reschedulable, or it has this time already
--           40001  the booking was changed while we looked; the caller repeats
-- Backstop  occupancies_no_overlap, reschedules_one_pending, idempotency_keys_pkey
create or replace function api.reschedule_booking(
    p_actor jsonb, p_booking_id uuid, p_key text, p_request jsonb, p_version integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'reschedule.begin');
    v_fingerprint bytea := core.fingerprint(
        p_request || pg_catalog.jsonb_build_object('booking_id', p_booking_id));
    v_date date := (p_request ->> 'date')::date;
    v_starts_at timestamptz := (p_request ->> 'starts_at')::timestamptz;
    v_now timestamptz;
    v_seen core.bookings;
    v_booking core.bookings;
    v_reschedule core.reschedules;
    v_resource core.resources;
    v_offering core.offerings;
    v_period tstzrange;
    v_unchecked boolean;
begin
    -- an unlocked read decides which days are locked; days come before bookings
    select * into v_seen
    from core.bookings as b
    where b.tenant_id = v_actor.tenant_id and b.id = p_booking_id;
    perform core.require_booking_access(v_actor, v_seen);
    if core.replayed(v_actor, 'reschedule', p_booking_id, p_key, v_fingerprint) is not null then
        return core.booking_json(v_seen);
    end if;

    -- from here on the catalogue and the rules do not change
    perform core.share_rules(array[
        v_seen.resource_id, coalesce((p_request ->> 'resource_id')::uuid, v_seen.resource_id)]);
    v_resource := core.require_resource(
        v_actor, coalesce((p_request ->> 'resource_id')::uuid, v_seen.resource_id));
    v_offering := core.require_offering(v_resource, v_seen.offering_id);
    v_period := core.period(
        v_resource.booking_mode, v_resource.timezone, v_offering.duration_minutes, v_starts_at,
        v_date);
    v_unchecked := core.require_fresh_calendars(
        array[v_resource.id], p_actor -> 'calendars_tried', core.clock());

    if v_resource.customer_limit is not null then
        perform core.lock_customer(v_seen);
    end if;
    perform core.lock_reschedule_days(v_seen, v_resource, core.widened(
        v_resource, v_offering, pg_catalog.lower(v_period), pg_catalog.upper(v_period)));
    if v_seen.cart_id <> v_seen.id then
        perform core.lock_booking(v_actor, v_seen.cart_id);
    end if;
    v_booking := core.lock_booking(v_actor, p_booking_id);
    v_now := core.clock();
    if (v_booking.resource_id, v_booking.starts_at) <> (v_seen.resource_id, v_seen.starts_at) then
        raise exception 'the booking has changed' using errcode = '40001';
    end if;

    v_reschedule.id := core.new_id();
    if core.claim_key(
        v_actor, 'reschedule', p_booking_id, p_key, v_fingerprint, v_reschedule.id, v_now) is not null
    then
        return core.booking_json(v_booking);
    end if;
    perform core.require_version(v_booking, p_version);
    perform core.expire_stale_reschedule(v_booking, v_now);
    perform core.require_reschedulable(v_booking, v_now);

    v_period := core.require_offered(v_resource, v_offering, v_starts_at, v_date, v_now);
    if (v_resource.id, pg_catalog.lower(v_period)) = (v_booking.resource_id, v_booking.starts_at) then
        raise exception 'the booking already has this time'
            using errcode = 'KHSTA', hint = 'choose another time';
    end if;
    perform core.require_limits(
        v_resource,
        -- what a browser holds is counted once it is paid
        case when v_booking.vouched or v_booking.status = 'scheduled' then v_booking.customer_id end,
        v_period, v_now, v_booking.id);

    v_reschedule := core.start_reschedule(
        v_actor, v_booking, v_reschedule.id, v_resource, v_offering, v_period, v_date, v_unchecked,
        v_now);
    v_booking := core.begin_reschedule_checkout(v_booking, v_reschedule, v_resource, v_offering, v_now);
    perform core.still_authorized(v_actor);
    return core.booking_json(v_booking);
end;
$$;
