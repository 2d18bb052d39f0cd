-- core.delete_events: delete events that Stripe no longer repeats, the oldest first.
--
-- Returns   {"events": n, "looked": n}
-- Locks     the rows, skipping those that are locked
-- Raises    nothing
-- Backstop  tenants_keeps_events
create or replace function core.delete_events(p_tenant core.tenants, p_limit integer)
returns jsonb
language plpgsql volatile
as $$
declare
    v_before timestamptz := core.clock() - p_tenant.keep_events_days * interval '24 hours';
    v_deleted integer;
begin
    delete from core.stripe_events as x
    where x.ctid = any (array(
        select r.ctid from core.stripe_events as r
        where r.tenant_id = p_tenant.id and r.received_at < v_before
        order by r.received_at
        limit p_limit
        for update skip locked));
    get diagnostics v_deleted = row_count;
    return pg_catalog.jsonb_build_object('events', v_deleted, 'looked', v_deleted);
end;
$$;
