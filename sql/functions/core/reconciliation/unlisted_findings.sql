-- core.unlisted_findings: open findings that this run has not confirmed; a few at a time.
--
-- Returns   {"items": [{"type", "id": at Stripe, or ours if it has none there, "metadata"}, …],
--            "next": where it ended; null at the end}
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.unlisted_findings(p_run core.reconciliations)
returns jsonb
language plpgsql stable
as $$
declare
    c_no_tenant constant uuid := '00000000-0000-0000-0000-000000000000';
    v_finding core.findings;
    v_looked integer := 0;
    v_items jsonb := '[]';
    v_next text;
begin
    for v_finding in
        select * from core.findings as f
        where f.resolved_at is null and f.accepted_at is null
            and f.object_id > coalesce(p_run.after #>> '{}', '')
            and (f.tenant_id = c_no_tenant or core.is_here(f.tenant_id))
        order by f.object_id
        limit 300
    loop
        v_looked := v_looked + 1;
        v_next := v_finding.object_id;
        if v_finding.last_seen_at < p_run.began_at then
            v_items := v_items || pg_catalog.jsonb_build_object(
                'type', pg_catalog.split_part(v_finding.kind, '_', 1), 'id', v_finding.object_id,
                'metadata', pg_catalog.jsonb_build_object(
                    'tenant_id', nullif(v_finding.tenant_id, c_no_tenant), 'refund_id', v_finding.row_id));
        end if;
        exit when pg_catalog.jsonb_array_length(v_items) = 20;
    end loop;

    return pg_catalog.jsonb_build_object('items', v_items, 'next', case
        when v_looked = 300 or pg_catalog.jsonb_array_length(v_items) = 20 then v_next end);
end;
$$;
