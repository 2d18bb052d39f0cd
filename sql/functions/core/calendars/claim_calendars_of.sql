-- core.claim_calendars_of: take some calendars of one tenant that are due.
--
-- p_share   how many of them may be read at a time
-- Returns   [task, …] as core.reading_task describes them
--
-- Locks     the tenant's fence; the claimed calendars, skipping those that are locked
-- Raises    40001, 40P01
-- Backstop  api.store_calendar_busy takes no older reading
create or replace function core.claim_calendars_of(
    p_tenant_id uuid, p_limit integer, p_share integer, p_at timestamptz)
returns jsonb
language plpgsql volatile
as $$
declare
    v_calendar core.calendars;
    v_tasks jsonb := '[]';
    v_limit integer := least(p_limit, p_share - (
        select pg_catalog.count(*)::integer from core.calendars as c
        where c.tenant_id = p_tenant_id and c.claimed_at > p_at - interval '1 minute'));
begin
    if v_limit <= 0 or not core.try_enter_tenant(p_tenant_id, 'sweep', null, null) then
        return v_tasks;
    end if;
    for v_calendar in
        select * from core.calendars as c
        where c.tenant_id = p_tenant_id and c.due_at <= p_at
            and not core.passed_over('claim_calendars', c.tenant_id, c.id, p_at)
        order by c.due_at, c.id
        limit v_limit
        for no key update skip locked
    loop
        begin
            update core.calendars as c
            set due_at = p_at + interval '1 minute', claimed_at = p_at
            where c.tenant_id = v_calendar.tenant_id and c.id = v_calendar.id;
            v_tasks := v_tasks || core.reading_task(v_calendar, p_at);
        exception when others then
            perform core.pass_over(
                'claim_calendars', v_calendar.tenant_id, v_calendar.id, sqlstate, sqlerrm);
            exit when sqlstate = '55P03';
        end;
    end loop;
    return v_tasks;
end;
$$;
