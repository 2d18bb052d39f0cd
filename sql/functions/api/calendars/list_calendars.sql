-- api.list_calendars: the calendars that are read for a resource, when that last worked, and why not.
--
-- Returns   {"calendars": […]}
--
-- Locks     none
-- Raises    KHAUT · KHDEN secret key needed · KHNTF no such resource
-- Backstop  row-level security
create or replace function api.list_calendars(p_actor jsonb, p_resource_id uuid)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'calendar.read');
    v_resource core.resources := core.require_resource(v_actor, p_resource_id);
begin
    return pg_catalog.jsonb_build_object('calendars', coalesce((
        select pg_catalog.jsonb_agg(core.calendar_json(c) order by c.created_at, c.id)
        from core.calendars_of(v_actor.tenant_id, v_resource.id) as c), '[]'));
end;
$$;
