-- core.delete_requests: delete idempotency keys that clients no longer repeat, the oldest first.
--
-- Returns   {"requests": n, "looked": n}
-- Locks     the rows, skipping those that are locked
-- Raises    nothing
-- Backstop  tenants_keeps_requests
create or replace function core.delete_requests(p_tenant core.tenants, p_limit integer)
returns jsonb
language plpgsql volatile
as $$
declare
    v_before timestamptz := core.clock() - p_tenant.keep_requests_days * interval '24 hours';
    v_deleted integer;
begin
    delete from core.idempotency_keys as x
    where x.ctid = any (array(
        select r.ctid from core.idempotency_keys as r
        where r.tenant_id = p_tenant.id and r.created_at < v_before
        order by r.created_at
        limit p_limit
        for update skip locked));
    get diagnostics v_deleted = row_count;
    return pg_catalog.jsonb_build_object('requests', v_deleted, 'looked', v_deleted);
end;
$$;
