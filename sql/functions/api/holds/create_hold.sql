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
-- The key comes first: a repeat waits for the first call, and looks at nothing else. A refusal undoes
-- it with the rest, so the same key may be tried again.
--
-- Who wants what is visibly taken or not offered is refused before it queues for the days, so a crowd
-- on one slot need not wait in line. All else is decided once, under their lock.
--
-- Locks     the request key; the rules of all resources that it may get, shared; the identities of
--           core.require_hold_quota; the customer's address; then the days of all periods and stale holds in
--           the way, to the end of the transaction; a request that lost its time while it waited
--           releases them before it looks for alternatives
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
    v_pooled boolean := core.asks_a_pool(p_request);
    v_earlier uuid;
    v_customer core.customers;
    v_requested core.requested_period[];
    v_taken record;
    v_held core.bookings[];
begin
    perform core.require_override(v_actor, p_request);
    -- the twin of this request waits here, and then is answered what we made
    v_earlier := core.claim_key(
        v_actor, 'create_hold', core.nothing_yet(), p_key, core.fingerprint(p_request), p_booking_id,
        core.clock());
    if v_earlier is not null then
        return core.held_before(v_actor, v_earlier);
    end if;

    -- what the catalogue and the rules say from here on stays true
    perform core.share_rules(core.named_resources(v_actor, p_request));
    if not v_pooled then
        v_requested := core.resolve_periods(v_actor, p_request, null);
        if core.any_unavailable(v_requested) then
            perform core.raise_conflicts(
                v_requested, core.conflicts(v_requested, core.clock()), null, core.clock());
        end if;
    end if;

    perform core.require_hold_quota(v_actor, p_request, core.asked_periods(p_request));
    v_customer := core.require_customer(v_actor, p_request -> 'customer', core.clock());

    if v_pooled then
        v_held := core.hold_from_pools(
            v_actor, p_booking_id, p_secret_hash, p_request, v_customer.id,
            p_actor -> 'calendars_tried');
    else
        perform core.limit_share(v_actor, v_requested);
        v_taken := core.hold_periods(
            v_actor, p_booking_id, p_secret_hash, p_request, v_customer.id, v_requested,
            p_actor -> 'calendars_tried');
        if v_taken.p_conflicts <> '{}' then
            perform core.raise_conflicts(
                v_requested, v_taken.p_conflicts,
                core.counted_customer(v_actor, p_request, v_customer.id), core.clock());
        end if;
        v_held := v_taken.p_held;
    end if;
    perform core.still_authorized(v_actor);
    return core.held_json(v_held, v_customer.email);
end;
$$;
