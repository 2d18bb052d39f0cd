-- api.begin_calendar_read: what is needed to read these calendars now, before a hold.
--
-- p_calendar_ids as the refusal KHCAL names them; never taken from a client
-- Returns        [task, …] as core.reading_task describes them
--
-- Runs as holdfast_system: the calendar's tenant was authorised by the call that was refused.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function api.begin_calendar_read(p_calendar_ids jsonb)
returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    v_now timestamptz := core.clock();
begin
    return coalesce((
        select pg_catalog.jsonb_agg(core.reading_task(c, v_now) order by c.id)
        from core.calendars as c
        where c.id = any (array(
            select i::uuid from pg_catalog.jsonb_array_elements_text(p_calendar_ids) as i))), '[]');
end;
$$;
