-- api.create_hold: reserve a time while the customer pays, at the price that is frozen with it.
--
-- p_key         the client's idempotency key
-- p_booking_id  id for the booking if this call makes it; a repeat answers the first call's booking
-- p_secret_hash SHA-256 of the client secret that belongs to p_booking_id
-- p_request     {"resource_id", "offering_id", "starts_at" | "date", "tier", "package",
-- "customer": {"name",
--               "email", "phone"}, "notes"}; its hash is the fingerprint that the key stands for
--
-- A doomed request is refused before it queues for the lock, so a crowd on one slot need not wait
-- in line.
--
-- Locks     core.lock_days(the resource, the occupied range), to the end of the transaction
-- Raises    KHAUT  unknown key · KHNTF no such resource or offering · KHPRC no such tier and
-- package
--           KHOFF  the time is not offered · KHTKN the time is taken · KHKEY key reused
--           55P03  the lock was not to be had within 3 s
-- Backstop  occupancies_no_overlap, idempotency_keys_pkey
create or replace function api.create_hold(
    p_actor jsonb, p_key text, p_booking_id uuid, p_secret_hash bytea, p_request jsonb)
returns jsonb
language plpgsql volatile security definer
set search_path = '' set lock_timeout = '3s' set enable_seqscan = off
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'publishable');
    v_fingerprint bytea := core.fingerprint(p_request);
    v_earlier uuid := core.replayed(v_actor, 'create_hold', p_key, v_fingerprint);
    v_resource core.resources;
    v_offering core.offerings;
    v_price core.prices;
    v_tenant core.tenants;
    v_booking core.bookings;
    v_period tstzrange;
    v_during tstzrange;
    v_now timestamptz := core.clock();
begin
    if v_earlier is not null then
        return core.held_json(v_actor, v_earlier);
    end if;

    v_resource := core.require_resource(v_actor, (p_request ->> 'resource_id')::uuid);
    v_offering := core.require_offering(v_resource, (p_request ->> 'offering_id')::uuid);
    v_price := core.require_price(v_offering, p_request ->> 'tier', p_request ->> 'package');
    v_period := core.require_offered(
        v_resource, v_offering,
        (p_request ->> 'starts_at')::timestamptz, (p_request ->> 'date')::date, v_now);
    v_during := core.occupied(
        pg_catalog.lower(v_period), pg_catalog.upper(v_period),
        v_resource.buffer_before_minutes, v_resource.buffer_after_minutes);

    if (select pg_catalog.count(distinct b.unit) from core.busy(v_resource.id, v_during, v_now) as b)
        >= v_resource.capacity
    then
        -- taken by the twin of this very request? then its answer is ours
        v_earlier := core.replayed(v_actor, 'create_hold', p_key, v_fingerprint);
        if v_earlier is not null then
            return core.held_json(v_actor, v_earlier);
        end if;
        perform core.raise_taken(v_resource, v_offering, pg_catalog.lower(v_period), v_now);
    end if;

    perform core.lock_days(v_resource.id, v_during);
    v_now := core.clock();

    v_earlier := core.claim_key(v_actor, 'create_hold', p_key, v_fingerprint, p_booking_id, v_now);
    if v_earlier is not null then
        return core.held_json(v_actor, v_earlier);
    end if;

    -- time went by while we waited for the lock: is it still offered?
    v_period := core.require_offered(
        v_resource, v_offering,
        (p_request ->> 'starts_at')::timestamptz, (p_request ->> 'date')::date, v_now);

    select * into v_tenant from core.tenants as t where t.id = v_actor.tenant_id;
    perform pg_catalog.set_config('holdfast.reason', 'held', true);
    insert into core.bookings (
        tenant_id, id, resource_id, offering_id, tier, package,
        customer_id, customer_name, customer_phone, notes,
        starts_at, ends_at, booked_on, buffer_before_minutes, buffer_after_minutes,
        amount, currency, rate_locked_at,
        status, hold_expires_at, client_secret_hash, created_at, updated_at)
    values (
        v_actor.tenant_id, p_booking_id, v_resource.id, v_offering.id, v_price.tier, v_price.package,
        core.require_customer(v_actor, p_request -> 'customer', v_now),
        p_request #>> '{customer,name}', p_request #>> '{customer,phone}', p_request ->> 'notes',
        pg_catalog.lower(v_period), pg_catalog.upper(v_period), (p_request ->> 'date')::date,
        v_resource.buffer_before_minutes, v_resource.buffer_after_minutes,
        v_price.amount, v_price.currency, v_now,
        'held', v_now + v_tenant.hold_minutes * interval '1 minute', p_secret_hash, v_now, v_now)
    returning * into v_booking;

    if not core.occupy(v_booking, v_resource) then
        perform core.raise_taken(v_resource, v_offering, pg_catalog.lower(v_period), v_now);
    end if;
    return core.booking_json(v_booking);
end;
$$;
