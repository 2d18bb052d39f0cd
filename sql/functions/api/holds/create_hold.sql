-- api.create_hold: reserve one or many periods while the customer pays, each at the price that is
-- frozen with it: all of them, or none.
--
-- p_actor       also {"calendars_tried"}: see core.require_fresh_calendars
-- p_key         the client's idempotency key
-- p_booking_id  id for the first booking if this call makes it; a repeat answers the first call's
-- p_secret_hash SHA-256 of the client secret that belongs to p_booking_id, and opens all of them
-- p_request     a period, or {"items": [period, …]}, with "customer": {"name", "email", "phone"} and
--               "notes", "override": {"rules", "reason"} of a server; a period is {"resource_id" |
--               "pool_id", "offering_id", "starts_at" | "date",
--               "tier", "package", "repeat": {"weeks"} | null}. Its hash is the fingerprint that the
--               key stands for
-- Returns       the first booking, with "bookings": all of them in order, and "total"
--
-- Who wants what is visibly taken is refused before it queues for the lock, so a crowd on one slot
-- need not wait in line. Whether the rules offer the time is decided once, under the lock.
--
-- Locks     the request key, the customer's address, the identities of core.require_hold_quota, then the days
--           of all periods and stale holds in the way, to the end of the transaction; a request that
--           lost its time while it waited releases them before it looks for alternatives
-- Raises    KHAUT  unknown key · KHDEN an override without a secret key · KHNTF no such resource, pool or
--           offering · KHPRC no such tier and package
--           KHOFF  a time is not offered · KHTKN a time is taken · KHKEY key reused
--           KHCRT  the periods cannot be held together · KHLIM too many holds
--           KHCAL, KHCAU  see core.require_fresh_calendars
--           55P03  a lock was not to be had within 3 s
-- Backstop  occupancies_no_overlap, occupancies_seat_once, idempotency_keys_pkey
create or replace function api.create_hold(
    p_actor jsonb, p_key text, p_booking_id uuid, p_secret_hash bytea, p_request jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'booking.hold');
    v_fingerprint bytea := core.fingerprint(p_request);
    v_earlier uuid := core.replayed(
        v_actor, 'create_hold', core.nothing_yet(), p_key, v_fingerprint);
    v_from_pools boolean := core.hold_items(p_request) @? '$[*].pool_id ? (@ != null)';
    v_customer_id uuid;
    v_requested core.requested_period[];
    v_conflicts jsonb;
begin
    if v_earlier is not null then
        return core.held_json(v_actor, v_earlier);
    end if;

    perform core.require_override(v_actor, p_request);
    if not v_from_pools then
        v_requested := core.resolve_periods(v_actor, p_request, null);
        if core.visibly_taken(v_requested, core.clock()) then
            -- by the twin of this very request? then its answer is ours
            v_earlier := core.replayed(
                v_actor, 'create_hold', core.nothing_yet(), p_key, v_fingerprint);
            if v_earlier is not null then
                return core.held_json(v_actor, v_earlier);
            end if;
            v_conflicts := case pg_catalog.cardinality(v_requested)
                when 1 then '{"1": "taken"}' -- or not offered: core.raise_conflicts asks
                else core.conflicts(v_requested, core.clock()) end;
            if v_conflicts <> '{}' then
                perform core.raise_conflicts(v_requested, v_conflicts, null, core.clock());
            end if;
        end if;
    end if;

    -- the twin of this request waits here, and then is answered what we made
    v_earlier := core.claim_key(
        v_actor, 'create_hold', core.nothing_yet(), p_key, v_fingerprint, p_booking_id, core.clock());
    if v_earlier is not null then
        return core.held_json(v_actor, v_earlier);
    end if;

    v_customer_id := core.require_customer(v_actor, p_request -> 'customer', core.clock());
    perform core.require_hold_quota(v_actor, v_customer_id, p_request, (
        select pg_catalog.sum(coalesce((i.item #>> '{repeat,weeks}')::integer, 1))
        from pg_catalog.jsonb_array_elements(core.hold_items(p_request)) as i (item))::integer);

    if v_from_pools then
        perform core.hold_from_pools(
            v_actor, p_booking_id, p_secret_hash, p_request, v_customer_id,
            p_actor -> 'calendars_tried');
    else
        perform core.limit_share(v_actor, v_requested);
        v_conflicts := core.hold_periods(
            v_actor, p_booking_id, p_secret_hash, p_request, v_customer_id, v_requested,
            p_actor -> 'calendars_tried');
        if v_conflicts <> '{}' then
            perform core.raise_conflicts(
                v_requested, v_conflicts, core.counted_customer(v_actor, p_request, v_customer_id),
                core.clock());
        end if;
    end if;
    perform core.still_authorized(v_actor);
    return core.held_json(v_actor, p_booking_id);
end;
$$;
