-- api.claim_calendars: take calendars whose turn it is to be read; any number of copies may run.
--
-- A claimed calendar's turn comes again after a minute, should nothing be heard of this reading.
--
-- p_limit   calendars a call
-- Returns   [task, …] as core.reading_task describes them
--
-- Runs as holdfast_system: it works across tenants.
--
-- Locks     the claimed calendars, skipping those that are locked
-- Raises    nothing
-- Backstop  api.store_busy takes no older reading
create or replace function api.claim_calendars(p_limit integer)
returns jsonb
language plpgsql volatile security definer
set search_path = '' set lock_timeout = '3s' set enable_seqscan = off
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    v_calendar core.calendars;
    v_now timestamptz := core.clock();
    v_tasks jsonb := '[]';
begin
    for v_calendar in
        select * from core.calendars as c
        where c.due_at <= v_now
        order by c.due_at
        limit p_limit
        for no key update skip locked
    loop
        update core.calendars as c
        set due_at = v_now + interval '1 minute'
        where c.tenant_id = v_calendar.tenant_id and c.id = v_calendar.id;
        v_tasks := v_tasks || core.reading_task(v_calendar, v_now);
    end loop;
    return v_tasks;
end;
$$;
