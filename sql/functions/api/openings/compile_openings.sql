-- api.compile_openings: bring the openings of resources up to date, a few at a time.
--
-- Each resource once a day, so that the days that come nearer are compiled and those that are over are
-- deleted; and once more when the server was started since, because it may have brought other time zone
-- data. All is compared with what is computed, so a copy that is wrong for another reason is mended as
-- well. Nothing depends on it: a day that is not compiled is computed by whoever asks.
--
-- p_after   where the call before ended ("next" of its answer), or null to begin
-- p_limit   resources that one call compiles
-- Returns   {"resources": compiled, "openings": written or deleted, "next": … | null at the end}
--
-- Runs as holdfast_system: it works across tenants.
--
-- Locks     up to p_limit timetables, skip locked
-- Raises    nothing
-- Backstop  openings_pkey, bookables_pkey
create or replace function api.compile_openings(p_after jsonb, p_limit integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s' set enable_sort = off
as $$
declare
    v_now timestamptz := core.clock();
    v_day_ago timestamptz := v_now - interval '23 hours';
    v_one record;
    v_last jsonb;
    v_looked integer := 0;
    v_resources integer := 0;
    v_openings integer := 0;
begin
    for v_one in
        select t.tenant_id, t.resource_id
        from core.timetables as t
        where (t.tenant_id, t.resource_id) > (
                coalesce((p_after ->> 'tenant_id')::uuid, '00000000-0000-0000-0000-000000000000'),
                coalesce((p_after ->> 'resource_id')::uuid, '00000000-0000-0000-0000-000000000000'))
            and (t.compiled_at < v_day_ago
                or t.compiled_at < pg_catalog.pg_postmaster_start_time())
            and not core.passed_over('compile_openings', t.tenant_id, t.resource_id, v_now)
        order by t.tenant_id, t.resource_id
        limit p_limit
        for no key update skip locked
    loop
        v_looked := v_looked + 1;
        v_last := pg_catalog.jsonb_build_object(
            'tenant_id', v_one.tenant_id, 'resource_id', v_one.resource_id);
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
        'next', case when v_looked = p_limit then v_last end);
end;
$$;
