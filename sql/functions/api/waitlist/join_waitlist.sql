-- api.join_waitlist: wait for a time that is taken, first come, first served.
--
-- p_key         the client's idempotency key
-- p_entry_id    id for the entry if this call makes it; a repeat gets the first call's entry
-- p_secret_hash SHA-256 of the client secret that belongs to p_entry_id
-- p_request     {"resource_id", "offering_id", "starts_at" | "date", "tier", "package",
--               "customer": {"name", "email", "phone"}, "locale", "timezone", "override": {"rules",
--               "reason"} of a server}; a date of a resource that is booked by slot is any period of
--               that local day
-- Returns       core.waitlist_entry_json, with "secret_key_id": the key that its secret is derived with
--
-- A browser's entry ends after some days. A second request gets an entry of its own, which looks like any
-- other: the answer must not reveal that the address waits already. The two are offered a time once
-- (core.make_offer). A server knows its customers, and gets an error.
--
-- A time that is being freed while this runs may still look taken; the sweep finds it.
--
-- Locks     the request key; as core.require_hold_quota; the customer's address
-- Raises    KHAUT · KHDEN an override without a secret key · KHKEY · KHNTF · KHPRC · KHOFF not offered
--           KHFRE  the time is free · KHLIM as core.require_hold_quota
--           23505  waitlist_once_per_customer: to a server, this customer waits for it already
-- Backstop  waitlist_once_per_customer, idempotency_keys_pkey
create or replace function api.join_waitlist(
    p_actor jsonb, p_key text, p_entry_id uuid, p_secret_hash bytea, p_request jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'waitlist.join');
    v_fingerprint bytea := core.fingerprint(p_request);
    v_resource core.resources;
    v_offering core.offerings;
    v_price core.prices;
    v_customer core.customers;
    v_now timestamptz := core.clock();
    v_id uuid := core.claim_key(
        v_actor, 'join_waitlist', core.nothing_yet(), p_key, v_fingerprint, p_entry_id, v_now);
    v_entry core.waitlist;
begin
    if v_id is null then
        perform core.require_override(v_actor, p_request);
        v_resource := core.require_resource(v_actor, (p_request ->> 'resource_id')::uuid);
        v_offering := core.require_offering(v_resource, (p_request ->> 'offering_id')::uuid);
        v_price := core.require_price(
            v_offering, p_request ->> 'tier', p_request ->> 'package');
        perform core.require_hold_quota(v_actor, p_request, 0);
        v_now := core.clock();
        v_customer := core.require_customer(v_actor, p_request -> 'customer', v_now);
        perform core.require_waitable(v_resource, v_offering, p_request, v_now);

        insert into core.waitlist (
            tenant_id, id, resource_id, offering_id, tier, package, starts_at, on_date,
            customer_id, customer_name, customer_phone, locale, timezone, vouched, override_reason,
            address_hash, client_secret_hash, secret_key_id, ends_at, created_at, updated_at)
        values (
            v_actor.tenant_id, p_entry_id, v_resource.id, v_offering.id, v_price.tier,
            v_price.package, (p_request ->> 'starts_at')::timestamptz, (p_request ->> 'date')::date,
            v_customer.id, p_request #>> '{customer,name}', p_request #>> '{customer,phone}',
            p_request ->> 'locale', p_request ->> 'timezone',
            v_actor.side = 'server', p_request #>> '{override,reason}', v_actor.address_hash,
            p_secret_hash, v_actor.secret_key_id,
            core.waitlist_entry_end(v_actor, v_resource, p_request, v_now), v_now, v_now);
        v_id := p_entry_id;
        perform core.still_authorized(v_actor);
    end if;

    select * into v_entry
    from core.waitlist as w
    where w.tenant_id = v_actor.tenant_id and w.id = v_id;
    return core.waitlist_entry_json(v_entry)
        || pg_catalog.jsonb_build_object('secret_key_id', v_entry.secret_key_id);
end;
$$;
