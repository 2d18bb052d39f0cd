-- core.require_fresh_calendars: have the calendars of these resources been read lately?
--
-- If one was not, and this request has not tried to read it yet, the caller is asked to read it
-- outside the transaction and to repeat the call. For one that it could not read the resource's
-- policy decides.
--
-- p_checked ids of the calendars that this request has tried to read: ["…"], or null
-- Returns   whether a calendar is taken unchecked, as the resource's policy accepts
--
-- Locks     none
-- Raises    KHCAL  calendars have to be read first; detail is {"calendars": [id, …],
--                  "tenant_id", "retry_after": seconds}
--           KHCAU  a calendar cannot be read, and the resource's policy is to refuse; detail is
--                  {"retry_after": seconds}
-- Backstop  none
create or replace function core.require_fresh_calendars(
    p_resources uuid[], p_checked jsonb, p_at timestamptz)
returns boolean
language plpgsql volatile
as $$
declare
    v_unread uuid[];
    v_tried boolean;
    v_refused boolean;
begin
    select pg_catalog.array_agg(c.id order by c.id)
            filter (where not coalesce(p_checked, '[]') ? c.id::text),
        coalesce(pg_catalog.bool_or(coalesce(p_checked, '[]') ? c.id::text), false),
        coalesce(pg_catalog.bool_or(
            coalesce(p_checked, '[]') ? c.id::text and r.calendar_policy = 'refuse'), false)
    into v_unread, v_tried, v_refused
    from core.resources as r
    cross join lateral core.calendars_of(r.tenant_id, r.id) as c
    where r.tenant_id = core.current_tenant() and r.id = any (p_resources)
        and (c.read_at is null or c.read_at < p_at - c.fresh_seconds * interval '1 second');

    if v_refused then
        raise exception using
            errcode = 'KHCAU',
            detail = '{"retry_after": 30}';
    end if;
    if v_unread is not null then
        raise exception using
            errcode = 'KHCAL',
            detail = pg_catalog.jsonb_build_object(
                'calendars', v_unread, 'tenant_id', core.current_tenant(), 'retry_after', 1)::text;
    end if;
    return v_tried;
end;
$$;
