-- api.revoke_calendar_feed: make the secret address invalid. Revoking twice is revoking once.
--
-- Locks     the feed's row
-- Raises    KHAUT · KHDEN secret key needed · KHNTF no such feed of this resource
-- Backstop  row-level security
create or replace function api.revoke_calendar_feed(
    p_actor jsonb, p_resource_id uuid, p_feed_id uuid)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'calendar.manage');
    v_feed core.calendar_feeds;
begin
    update core.calendar_feeds as f
    set revoked_at = coalesce(f.revoked_at, core.clock())
    where f.tenant_id = v_actor.tenant_id and f.id = p_feed_id
        and f.resource_id = p_resource_id
    returning * into v_feed;
    if not found then
        raise exception 'no such calendar feed'
            using errcode = 'KHNTF', hint = 'list the calendar feeds of the resource';
    end if;
    perform core.still_authorized(v_actor);
    return core.calendar_feed_json(v_feed);
end;
$$;
