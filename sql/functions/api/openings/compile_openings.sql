-- api.compile_openings: bring the openings of resources up to date, a few at a time.
--
-- Each resource once a day, so that coming days are compiled and past days are deleted; and once
-- more when the server was started since, because it may have brought other time zone data. All is
-- compared with what is computed, so a copy that is wrong for another reason is corrected as well.
-- Nothing depends on it: a day that is not compiled is computed when it is asked for.
--
-- p_after   where the call before ended ("next" of its answer), or null to begin
-- p_limit   resources that one call compiles
-- Returns   {"resources": compiled, "openings": written or deleted, "next": … | null at the end}
--
-- Runs as holdfast_system: it works across tenants.
--
-- Locks     up to p_limit timetables, skipping those that are locked; their tenants' fences
-- Raises    nothing
-- Backstop  openings_pkey, bookables_pkey
create or replace function api.compile_openings(p_after jsonb, p_limit integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s' set enable_sort = off
as $$
declare
    v_now timestamptz := core.clock();
    -- set by the first call for all that follow it, so that a run takes each resource once
    v_before timestamptz := coalesce((p_after ->> 'before')::timestamptz, greatest(
        v_now - interval '23 hours', least(v_now, pg_catalog.pg_postmaster_start_time())));
    v_one record;
    v_looked integer := 0;
    v_entered boolean := false; -- else the same rows would be asked for again
    v_resources integer := 0;
    v_openings integer := 0;
begin
    for v_one in
        select t.tenant_id, t.resource_id
        from core.timetables as t
        where t.compiled_at < v_before
            and core.is_here(t.tenant_id)
            and not core.passed_over('compile_openings', t.tenant_id, t.resource_id, v_now)
        order by t.compiled_at
        limit p_limit
        for no key update skip locked
    loop
        v_looked := v_looked + 1;
        continue when not core.try_enter_tenant(v_one.tenant_id, 'sweep', null, null);
        v_entered := true;
        begin
            v_openings := v_openings
                + core.compile_openings(v_one.tenant_id, v_one.resource_id, v_now);
            perform core.compile_bookables(v_one.tenant_id, array[v_one.resource_id]);
            v_resources := v_resources + 1;
        exception when others then
            perform core.pass_over(
                'compile_openings', v_one.tenant_id, v_one.resource_id, sqlstate, sqlerrm);
        end;
    end loop;

    return pg_catalog.jsonb_build_object(
        'resources', v_resources, 'openings', v_openings,
        'next', case when v_looked = p_limit and v_entered then
            pg_catalog.jsonb_build_object('before', v_before) end);
end;
$$;
