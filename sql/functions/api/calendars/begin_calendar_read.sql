-- api.begin_calendar_read: what is needed to read these calendars now, before a hold.
--
-- p_calendar_ids {"tenant_id", "calendars": [id, …]} as the refusal KHCAL names them, never taken from a
--                client; the previous release sends the ids alone, as an array
-- Returns        [task, …] as core.reading_task describes them
--
-- Runs as holdfast_system: the calendar's tenant was authorised by the call that was refused.
--
-- Locks     none
-- Raises    KHMOV  another database answers for the tenant
-- Backstop  none
create or replace function api.begin_calendar_read(p_calendar_ids jsonb)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_tenant_id uuid := (p_calendar_ids ->> 'tenant_id')::uuid;
    v_ids uuid[] := array(
        select i::uuid
        from pg_catalog.jsonb_array_elements_text(
            case pg_catalog.jsonb_typeof(p_calendar_ids)
                when 'array' then p_calendar_ids else p_calendar_ids -> 'calendars' end) as i);
    v_now timestamptz := core.clock();
    v_id uuid;
    v_calendar core.calendars;
    v_tasks jsonb := '[]';
begin
    if v_tenant_id is null then
        select c.tenant_id into v_tenant_id from core.calendars as c where c.id = v_ids[1];
    end if;
    perform core.refuse_elsewhere(v_tenant_id);
    foreach v_id in array v_ids loop -- one by one: a plan made on empty tables might take them all
        select * into v_calendar
        from core.calendars as c
        where c.tenant_id = v_tenant_id and c.id = v_id;
        if found then
            v_tasks := v_tasks || core.reading_task(v_calendar, v_now);
        end if;
    end loop;
    return v_tasks;
end;
$$;
