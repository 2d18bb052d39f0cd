-- api.claim_calendars: take calendars that are due to be read; any number of copies may run.
--
-- Each tenant has its share: at most three of its calendars are being read at any time, however many are
-- due. Those due longest come first, then tenants in turn, beginning at any of them: one whose
-- calendars are slow, or many, keeps no more than three of the sweep's places.
--
-- A claimed calendar is due again after a minute, if this reading does not finish.
--
-- p_limit   calendars a call
-- Returns   [task, …] as core.reading_task describes them
--
-- Runs as holdfast_system: it works across tenants.
--
-- Locks     as core.claim_calendars_of, tenant after tenant
-- Raises    40001, 40P01
-- Backstop  api.store_calendar_busy takes no older reading
create or replace function api.claim_calendars(p_limit integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s' set enable_sort = off
as $$
declare
    v_share constant integer := 3;
    v_looks constant integer := 100; -- due calendars, and tenants, that one call looks at
    v_begun constant uuid := pg_catalog.gen_random_uuid();
    v_tenant uuid := v_begun;
    v_first core.calendars;
    v_due boolean := false;
    v_wrapped boolean := false;
    v_now timestamptz := core.clock();
    v_tasks jsonb := '[]';
begin
    -- the one that is due longest; then, so that none with many calendars hides the others, the
    -- next
    for v_tenant in
        select d.tenant_id
        from (
            select c.tenant_id, c.due_at
            from core.calendars as c
            where c.due_at <= v_now and core.is_here(c.tenant_id)
            order by c.due_at
            limit v_looks) as d
        group by d.tenant_id
        order by pg_catalog.min(d.due_at), d.tenant_id
    loop
        v_due := true;
        exit when pg_catalog.jsonb_array_length(v_tasks) >= p_limit;
        v_tasks := v_tasks || core.claim_calendars_of(
            v_tenant, p_limit - pg_catalog.jsonb_array_length(v_tasks), v_share, v_now);
    end loop;
    if not v_due then
        return v_tasks;
    end if;

    v_tenant := v_begun;
    for v_look in 1 .. v_looks loop
        exit when pg_catalog.jsonb_array_length(v_tasks) >= p_limit;
        -- the next tenant's calendar that was due first
        select * into v_first
        from core.calendars as c
        where c.tenant_id > v_tenant
        order by c.tenant_id, c.due_at, c.id
        limit 1;
        if not found or v_wrapped and v_first.tenant_id > v_begun then
            exit when v_wrapped;
            v_wrapped := true;
            v_tenant := '00000000-0000-0000-0000-000000000000';
            continue;
        end if;
        v_tenant := v_first.tenant_id;
        continue when v_first.due_at > v_now;

        v_tasks := v_tasks || core.claim_calendars_of(
            v_tenant, p_limit - pg_catalog.jsonb_array_length(v_tasks), v_share, v_now);
    end loop;
    return v_tasks;
end;
$$;
