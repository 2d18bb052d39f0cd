-- api.list_calendar_feeds: the feeds of a resource's bookings, revoked ones included.
--
-- Returns   {"feeds": […]}
--
-- Locks     none
-- Raises    KHAUT · KHDEN secret key needed · KHNTF no such resource
-- Backstop  row-level security
create or replace function api.list_calendar_feeds(p_actor jsonb, p_resource_id uuid)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'calendar.read');
    v_resource core.resources := core.require_resource(v_actor, p_resource_id);
begin
    return pg_catalog.jsonb_build_object('feeds', coalesce((
        select pg_catalog.jsonb_agg(core.calendar_feed_json(f) order by f.created_at, f.id)
        from core.calendar_feeds as f
        where f.tenant_id = v_actor.tenant_id and f.resource_id = v_resource.id), '[]'));
end;
$$;
