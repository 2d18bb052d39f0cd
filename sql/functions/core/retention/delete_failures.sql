-- core.delete_failures: delete failures that are a month old, the oldest first.
--
-- One that still fails is tried again at least once a day, and so is young.
--
-- Returns   {"failures": n, "looked": n}
-- Locks     the rows, skipping those that are locked
-- Raises    nothing
-- Backstop  sweep_failures_pkey: a row that is missing is a row that is tried again
create or replace function core.delete_failures(p_tenant core.tenants, p_limit integer)
returns jsonb
language plpgsql volatile
as $$
declare
    v_before timestamptz := core.clock() - 30 * interval '24 hours';
    v_deleted integer;
begin
    delete from core.sweep_failures as x
    where x.ctid = any (array(
        select r.ctid from core.sweep_failures as r
        where r.tenant_id = p_tenant.id and r.updated_at < v_before
        order by r.updated_at
        limit p_limit
        for update skip locked));
    get diagnostics v_deleted = row_count;
    return pg_catalog.jsonb_build_object('failures', v_deleted, 'looked', v_deleted);
end;
$$;
