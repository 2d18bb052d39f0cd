-- api.delete_calendar: stop reading a calendar; the times it blocked are free again.
--
-- Locks     the calendar's row
-- Raises    KHAUT · KHDEN secret key needed · KHNTF no such calendar of this resource
-- Backstop  external_busy_calendar_exists
create or replace function api.delete_calendar(
    p_actor jsonb, p_resource_id uuid, p_calendar_id uuid)
returns void
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'calendar.manage');
begin
    delete from core.calendars as c
    where c.tenant_id = v_actor.tenant_id and c.id = p_calendar_id
        and c.resource_id = p_resource_id;
    if not found then
        raise exception 'no such calendar'
            using errcode = 'KHNTF', hint = 'list the calendars of the resource';
    end if;
    perform core.still_authorized(v_actor);
end;
$$;
