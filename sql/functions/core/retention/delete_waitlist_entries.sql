-- core.delete_waitlist_entries: delete waitlist entries that ended long ago, the oldest first.
--
-- p_after   {"at", "id"} of the last one that was tried, or null
-- Returns   {"places": n, "customers": n, "looked": n, "after": {"at", "id"}}
-- Locks     their customers, then the entries, skipping those that are locked
-- Raises    nothing
-- Backstop  none
create or replace function core.delete_waitlist_entries(p_tenant core.tenants, p_after jsonb, p_limit integer)
returns jsonb
language plpgsql volatile
as $$
declare
    v_before timestamptz := core.clock() - p_tenant.keep_waitlist_days * interval '24 hours';
    v_at timestamptz := coalesce((p_after ->> 'at')::timestamptz, '-infinity');
    v_id uuid := coalesce((p_after ->> 'id')::uuid, '00000000-0000-0000-0000-000000000000');
    v_due core.waitlist[];
    v_customers uuid[];
    v_entry core.waitlist;
    v_deleted integer := 0;
begin
    select pg_catalog.array_agg(d) into v_due
    from (
        select * from core.waitlist as w
        where w.tenant_id = p_tenant.id and w.state not in ('waiting', 'offered')
            and (w.updated_at, w.id) > (v_at, v_id) and w.updated_at < v_before
        order by w.updated_at, w.id
        limit p_limit
    ) as d;
    v_customers := core.lock_idle_customers(
        p_tenant.id, array(select d.customer_id from pg_catalog.unnest(v_due) as d));

    for v_entry in
        select * from pg_catalog.unnest(v_due) as d where d.customer_id = any (v_customers)
    loop
        perform from core.waitlist as w
        where w.tenant_id = p_tenant.id and w.id = v_entry.id
        for update skip locked;
        continue when not found;
        delete from core.waitlist as w
        where w.tenant_id = p_tenant.id and w.id = v_entry.id
            and w.state not in ('waiting', 'offered') and w.updated_at < v_before;
        continue when not found;
        delete from core.idempotency_keys as k
        where k.tenant_id = p_tenant.id and k.result_id = v_entry.id;
        v_deleted := v_deleted + 1;
    end loop;
    return pg_catalog.jsonb_build_object(
        'places', v_deleted,
        'customers', core.delete_idle_customers(p_tenant.id, v_customers),
        'looked', coalesce(pg_catalog.cardinality(v_due), 0),
        'after', (
            select pg_catalog.jsonb_build_object('at', d.updated_at, 'id', d.id)
            from pg_catalog.unnest(v_due) with ordinality as d
            order by d.ordinality desc limit 1));
end;
$$;
