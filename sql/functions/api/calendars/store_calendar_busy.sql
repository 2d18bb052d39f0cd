-- api.store_calendar_busy: record the result of reading a calendar. The reading that began later
-- wins.
--
-- p_begun_at when the reading began, as core.reading_task said
-- p_reading  {"outcome": "read", "busy": [[from, to], …], "until", "etag", "last_modified"}
--            {"outcome": "unchanged", "etag", "last_modified"}: still as these validators say
--            {"outcome": "failed", "failure": why, for people}
--            each with "seconds": how long that took; five or more is slow; and the task's "tenant_id"
-- Returns    {"result": "stored" | "unchanged" | "failed" | "superseded" | "gone"}
--
-- Runs as holdfast_system: the caller names the tenant.
--
-- Locks     the tenant's fence; the calendar's row
-- Raises    55P03 · KHMOV
-- Backstop  external_busy_pkey, external_busy_during_bounded
create or replace function api.store_calendar_busy(
    p_calendar_id uuid, p_begun_at timestamptz, p_reading jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_tenant_id uuid := (p_reading ->> 'tenant_id')::uuid;
    v_calendar core.calendars;
    v_outcome text := p_reading ->> 'outcome';
    v_now timestamptz;
    v_slow boolean;
begin
    if v_tenant_id is null then -- the previous release does not send it
        select c.tenant_id into v_tenant_id from core.calendars as c where c.id = p_calendar_id;
    end if;
    if v_tenant_id is not null then
        perform core.enter_tenant(v_tenant_id, 'sweep', null, null);
    end if;
    select * into v_calendar
    from core.calendars as c
    where c.tenant_id = v_tenant_id and c.id = p_calendar_id
    for no key update;
    v_now := core.clock();
    v_slow := coalesce((p_reading ->> 'seconds')::numeric, 0) >= 5;

    if not found then
        return pg_catalog.jsonb_build_object('result', 'gone');
    end if;
    if v_calendar.read_at > p_begun_at or v_outcome = 'unchanged' and (
        -- not changed since an answer that is no longer the one we have
        v_calendar.read_at is null
        or v_calendar.etag is distinct from p_reading ->> 'etag'
        or v_calendar.last_modified is distinct from p_reading ->> 'last_modified')
    then
        return pg_catalog.jsonb_build_object('result', 'superseded');
    end if;

    if v_outcome = 'failed' then
        update core.calendars as c
        set failure = pg_catalog.left(p_reading ->> 'failure', 500),
            failures = least(c.failures + 1, 1000),
            claimed_at = null,
            -- 5, 10, 20 … minutes, up to 6 hours, a quarter more or less so that retries spread
            due_at = v_now + least(360, 5 * power(2, least(c.failures, 10)))
                * (0.75 + pg_catalog.random() / 2) * interval '1 minute'
        where c.tenant_id = v_calendar.tenant_id and c.id = v_calendar.id;
        return pg_catalog.jsonb_build_object('result', 'failed');
    end if;

    if v_outcome = 'read' then
        delete from core.external_busy as e
        where e.tenant_id = v_calendar.tenant_id and e.calendar_id = v_calendar.id;
        insert into core.external_busy (tenant_id, calendar_id, resource_id, during)
        select v_calendar.tenant_id, v_calendar.id, v_calendar.resource_id,
            pg_catalog.tstzrange((b ->> 0)::timestamptz, (b ->> 1)::timestamptz, '[)')
        from pg_catalog.jsonb_array_elements(p_reading -> 'busy') as b;
    end if;

    update core.calendars as c
    set read_at = p_begun_at,
        busy_until = coalesce((p_reading ->> 'until')::timestamptz, c.busy_until),
        etag = p_reading ->> 'etag',
        last_modified = p_reading ->> 'last_modified',
        failure = null,
        failures = 0,
        -- a calendar that is slow to read is read less and less often, like one that fails
        slow_readings = case when v_slow then least(c.slow_readings + 1, 1000) else 0 end,
        claimed_at = null,
        due_at = v_now + case when v_slow
            then least(360, 5 * power(2, least(c.slow_readings + 1, 10)))
                * (0.75 + pg_catalog.random() / 2) * interval '1 minute'
            else interval '5 minutes'
        end
    where c.tenant_id = v_calendar.tenant_id and c.id = v_calendar.id;
    return pg_catalog.jsonb_build_object(
        'result', case v_outcome when 'read' then 'stored' else 'unchanged' end);
end;
$$;
