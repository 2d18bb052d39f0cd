-- core.compile_openings: bring core.openings of one resource up to date, from now to beyond its horizon.
--
-- Writes what differs and nothing else. The timetable's row is locked first, and the rules are read
-- by a later statement, so of two that compile at once the second sees the first's rules. An
-- archived or deleted resource has no openings.
--
-- Returns   how many openings were written or deleted
--
-- Called as holdfast_system, which sees the rows of every tenant.
--
-- Locks     the timetable
-- Raises    nothing
-- Backstop  openings_pkey, openings_ordered
create or replace function core.compile_openings(
    p_tenant_id uuid, p_resource_id uuid, p_at timestamptz)
returns integer
language plpgsql volatile
set enable_hashjoin = on set enable_sort = on
as $$
declare
    v_resource core.resources;
    v_from timestamptz := p_at - interval '48 hours';
    v_until timestamptz;
    v_deleted integer;
    v_written integer;
begin
    insert into core.timetables as t (
        tenant_id, resource_id, opened_from, opened_until, overlapping, compiled_at)
    values (p_tenant_id, p_resource_id, p_at, p_at, false, p_at)
    on conflict (tenant_id, resource_id) do update set compiled_at = excluded.compiled_at;

    select * into v_resource
    from core.resources as r
    where r.tenant_id = p_tenant_id and r.id = p_resource_id and r.archived_at is null;
    if not found then
        delete from core.openings as w
        where w.tenant_id = p_tenant_id and w.resource_id = p_resource_id;
        get diagnostics v_deleted = row_count;
        delete from core.timetables as t
        where t.tenant_id = p_tenant_id and t.resource_id = p_resource_id;
        return v_deleted;
    end if;

    -- 40 days of sweeps may fail before a listing up to the horizon has to be computed
    v_until := p_at + (v_resource.horizon_days + 40) * interval '24 hours';
    with computed as materialized (
        select * from core.computed_openings(v_resource, v_from, v_until)
    ),
    deleted as (
        delete from core.openings as w
        where w.tenant_id = p_tenant_id and w.resource_id = p_resource_id
            and not exists (
                select from computed as c
                where c.opens_at = w.opens_at and c.closes_at = w.closes_at)
        returning w.opens_at
    ),
    written as (
        insert into core.openings as w
        select * from computed
        on conflict (tenant_id, resource_id, opens_at, closes_at) do update
        set open_until = excluded.open_until, on_day = excluded.on_day
        where (w.open_until, w.on_day) <> (excluded.open_until, excluded.on_day)
        returning w.opens_at
    )
    select (select pg_catalog.count(*) from deleted), (select pg_catalog.count(*) from written)
    into v_deleted, v_written;

    update core.timetables as t
    set opened_from = v_from, opened_until = v_until, overlapping = exists (
        select
        from (
            select w.opens_at < pg_catalog.lag(w.closes_at) over (
                order by w.opens_at, w.closes_at) as overlaps
            from core.openings as w
            where w.tenant_id = p_tenant_id and w.resource_id = p_resource_id
        ) as o
        where o.overlaps)
    where t.tenant_id = p_tenant_id and t.resource_id = p_resource_id;
    return v_deleted + v_written;
end;
$$;
