-- core.delete_unpaid: delete bookings that ended long ago and were never paid, the oldest first.
--
-- Their history goes with them; audit.deleted_bookings keeps how many they were, and why they ended.
--
-- p_after   {"at", "id"} of the last one that was tried, or null: one that must stay is skipped
-- Returns   {"bookings": n, "customers": n, "stuck": n, "looked": n, "after": {"at", "id"}}
-- Locks     their customers; then as core.delete_booking; last the counts, in order of their keys
-- Raises    nothing (23503 ends here: it is counted as stuck)
-- Backstop  foreign keys; trigger booking_events_append_only
create or replace function core.delete_unpaid(p_tenant core.tenants, p_after jsonb, p_limit integer)
returns jsonb
language plpgsql volatile
as $$
declare
    v_before timestamptz := core.clock() - p_tenant.keep_unpaid_days * interval '24 hours';
    v_at timestamptz := coalesce((p_after ->> 'at')::timestamptz, '-infinity');
    v_id uuid := coalesce((p_after ->> 'id')::uuid, '00000000-0000-0000-0000-000000000000');
    v_due core.bookings[];
    v_customers uuid[];
    v_booking core.bookings;
    v_ended audit.deleted_bookings;
    v_all audit.deleted_bookings[] := '{}';
    v_stuck integer := 0;
begin
    select pg_catalog.array_agg(d) into v_due
    from (
        select * from core.bookings as b
        where b.tenant_id = p_tenant.id and b.status = 'expired' and b.payment_status = 'unpaid'
            and b.position = 1 and (b.updated_at, b.id) > (v_at, v_id) and b.updated_at < v_before
        order by b.updated_at, b.id
        limit p_limit
    ) as d;
    v_customers := core.lock_idle_customers(
        p_tenant.id, array(select d.customer_id from pg_catalog.unnest(v_due) as d));

    for v_booking in
        select * from pg_catalog.unnest(v_due) as d where d.customer_id = any (v_customers)
    loop
        begin
            v_ended := core.delete_booking(p_tenant, v_booking.id);
            if v_ended.bookings is not null then
                v_all := v_all || v_ended;
            end if;
        exception when foreign_key_violation then
            v_stuck := v_stuck + 1; -- of what a later table refers to, the others are deleted
        end;
    end loop;

    for v_ended in
        select p_tenant.id, e.ended_on, e.reason, pg_catalog.sum(e.bookings)
        from pg_catalog.unnest(v_all) as e
        group by e.ended_on, e.reason
        order by e.ended_on, e.reason -- so that two sweeps never wait for each other's
    loop
        insert into audit.deleted_bookings (tenant_id, ended_on, reason, bookings)
        values (v_ended.tenant_id, v_ended.ended_on, v_ended.reason, v_ended.bookings)
        on conflict (tenant_id, ended_on, reason) do update
            set bookings = deleted_bookings.bookings + excluded.bookings;
    end loop;
    return pg_catalog.jsonb_build_object(
        'bookings', (
            select coalesce(pg_catalog.sum(e.bookings), 0) from pg_catalog.unnest(v_all) as e),
        'customers', core.delete_idle_customers(p_tenant.id, v_customers),
        'stuck', v_stuck,
        'looked', coalesce(pg_catalog.cardinality(v_due), 0),
        'after', (
            select pg_catalog.jsonb_build_object('at', d.updated_at, 'id', d.id)
            from pg_catalog.unnest(v_due) with ordinality as d
            order by d.ordinality desc limit 1));
end;
$$;
