-- core.calendar_feed_json: a feed, as servers see it. Only the hash of its address is known.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.calendar_feed_json(p_feed core.calendar_feeds)
returns jsonb
language sql stable parallel safe
as $$
    select pg_catalog.jsonb_build_object(
        'id', p_feed.id,
        'resource_id', p_feed.resource_id,
        'created_at', core.utc(p_feed.created_at),
        'revoked_at', core.utc(p_feed.revoked_at))
$$;
