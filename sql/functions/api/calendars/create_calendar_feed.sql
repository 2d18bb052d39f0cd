-- api.create_calendar_feed: create a feed of a resource's bookings, at a secret address.
--
-- p_key        the client's idempotency key
-- p_feed_id    id for the feed if this call makes it; a repeat answers the first call's feed
-- p_token_hash SHA-256 of the address's secret part, which belongs to p_feed_id
-- Returns      core.calendar_feed_json, with "secret_key_id": the key that the token is derived with
--
-- Locks     the request key
-- Raises    KHAUT · KHDEN secret key needed · KHNTF no such resource · KHKEY key reused
-- Backstop  idempotency_keys_pkey, calendar_feeds_token_unique
create or replace function api.create_calendar_feed(
    p_actor jsonb, p_key text, p_feed_id uuid, p_token_hash bytea, p_resource_id uuid)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'calendar.manage');
    v_resource core.resources := core.require_resource(v_actor, p_resource_id);
    v_feed core.calendar_feeds;
    v_earlier uuid;
    v_now timestamptz := core.clock();
begin
    v_earlier := core.claim_key(
        v_actor, 'create_calendar_feed', v_resource.id, p_key,
        core.fingerprint(pg_catalog.jsonb_build_object('resource_id', p_resource_id)),
        p_feed_id, v_now);
    if v_earlier is null then
        insert into core.calendar_feeds (
            tenant_id, id, resource_id, token_hash, secret_key_id, created_at)
        values (v_actor.tenant_id, p_feed_id, v_resource.id, p_token_hash, v_actor.secret_key_id, v_now)
        returning * into v_feed;
    else
        select * into v_feed
        from core.calendar_feeds as f
        where f.tenant_id = v_actor.tenant_id and f.id = v_earlier;
    end if;
    perform core.still_authorized(v_actor);
    return core.calendar_feed_json(v_feed)
        || pg_catalog.jsonb_build_object('secret_key_id', v_feed.secret_key_id);
end;
$$;
