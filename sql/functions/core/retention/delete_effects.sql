-- core.delete_effects: delete done effects without money, the oldest first.
--
-- The key of an effect with money is its fence for ever, so it stays.
--
-- Returns   {"effects": n, "looked": n}
-- Locks     the rows, skipping those that are locked
-- Raises    nothing
-- Backstop  tenants_keeps_unpaid
create or replace function core.delete_effects(p_tenant core.tenants, p_limit integer)
returns jsonb
language plpgsql volatile
as $$
declare
    v_before timestamptz := core.clock() - p_tenant.keep_unpaid_days * interval '24 hours';
    v_deleted integer;
begin
    delete from core.effects as x
    where x.ctid = any (array(
        select r.ctid from core.effects as r
        where r.tenant_id = p_tenant.id and r.updated_at < v_before
            and r.state = 'done' and r.kind in ('expire_session', 'notify_offer')
        order by r.updated_at
        limit p_limit
        for update skip locked));
    get diagnostics v_deleted = row_count;
    return pg_catalog.jsonb_build_object('effects', v_deleted, 'looked', v_deleted);
end;
$$;
