-- api.create_calendar: have a resource's own calendar read, whose events are times that it cannot be
-- booked in.
--
-- It is read for the first time by the next sweep, or before the next hold.
--
-- p_key         the client's idempotency key
-- p_calendar_id id for the calendar if this call makes it; a repeat answers the first call's
-- p_request     {"resource_id", "name", "url", "fresh_seconds"}
--
-- Locks     the request key
-- Raises    KHAUT · KHDEN secret key needed · KHNTF no such resource · KHKEY key reused
--           KHSTA  the resource has as many calendars as allowed
-- Backstop  idempotency_keys_pkey, calendars_url_is_https
create or replace function api.create_calendar(
    p_actor jsonb, p_key text, p_calendar_id uuid, p_request jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'calendar.manage');
    v_resource core.resources :=
        core.require_resource(v_actor, (p_request ->> 'resource_id')::uuid);
    v_calendar core.calendars;
    v_earlier uuid;
    v_now timestamptz := core.clock();
begin
    v_earlier := core.claim_key(
        v_actor, 'create_calendar', v_resource.id, p_key, core.fingerprint(p_request),
        p_calendar_id, v_now);
    if v_earlier is not null then
        select * into v_calendar
        from core.calendars as c
        where c.tenant_id = v_actor.tenant_id and c.id = v_earlier;
        if not found then
            raise exception 'the calendar that this request created has been removed'
                using errcode = 'KHNTF', hint = 'send a new request with a new Idempotency-Key';
        end if;
        return core.calendar_json(v_calendar);
    end if;

    -- a hold waits for all of them, so they are few; racers may exceed this by one or two
    if (select pg_catalog.count(*)
        from core.calendars_of(v_actor.tenant_id, v_resource.id)) >= 5
    then
        raise exception 'the resource already has five calendars'
            using errcode = 'KHSTA', hint = 'remove one first';
    end if;

    insert into core.calendars (
        tenant_id, id, resource_id, name, url, fresh_seconds, due_at, created_at, updated_at)
    values (
        v_actor.tenant_id, p_calendar_id, v_resource.id, p_request ->> 'name', p_request ->> 'url',
        (p_request ->> 'fresh_seconds')::integer, v_now, v_now, v_now)
    returning * into v_calendar;
    perform core.still_authorized(v_actor);
    return core.calendar_json(v_calendar);
end;
$$;
