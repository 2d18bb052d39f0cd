-- api.submit_reconciliation_page: compare Stripe's records of some payments and refunds with our
-- books, and record the differences.
--
-- A difference that a stored function can repair is returned as a cure, and the run waits: the
-- caller calls that function, and then this one again with p_tried. A difference that remains waits
-- for a person.
--
-- p_step    what api.next_reconciliation_page answered, with "next": how far this look goes; null: to the
--           end of the phase
-- p_seen    [{"type": 'payment' | 'refund', …}, …] as core.payment_difference and core.refund_difference
--           want it
-- p_tried   ids of those for which the cure was tried
-- Returns   {"cures": [id, …], "found": [{"id", "kind", "tenant_id", "booking_id"}, …], "foreign": n}
--           found: differences that were not known before
--           foreign: how many were skipped, because their metadata names a tenant of another database
--
-- Runs as holdfast_system: it works across tenants.
--
-- Locks     the run through both books
-- Raises    nothing
-- Backstop  findings_pkey
create or replace function api.submit_reconciliation_page(p_step jsonb, p_seen jsonb, p_tried jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_run core.reconciliations := core.lock_reconciliation_run();
    v_seen jsonb;
    v_finding core.findings;
    v_recorded text;
    v_cures jsonb := '[]';
    v_found jsonb := '[]';
    v_foreign integer := 0;
begin
    if (v_run.id::text, v_run.phase, coalesce(v_run.after, 'null'))
        is distinct from (p_step ->> 'id', p_step ->> 'phase', p_step -> 'after')
    then
        return '{"cures": [], "found": [], "foreign": 0}'; -- another call has done this page
    end if;

    for v_seen in select s from pg_catalog.jsonb_array_elements(p_seen) as s loop
        if core.named_tenant(v_seen) is not null and not core.is_here(core.named_tenant(v_seen)) then
            v_foreign := v_foreign + 1; -- the database that answers for the tenant compares it
            continue;
        end if;
        if v_seen ->> 'type' = 'payment' then
            v_finding := core.payment_difference(v_seen);
        else
            v_finding := core.refund_difference(v_seen);
        end if;
        v_recorded := core.record_finding(v_finding);
        if v_recorded = 'new' then
            v_found := v_found || pg_catalog.jsonb_build_object(
                'id', v_finding.object_id, 'kind', v_finding.kind,
                'tenant_id', v_finding.tenant_id, 'booking_id', v_finding.booking_id);
        end if;
        if v_recorded <> 'none' and v_finding.cure is not null
            and not p_tried ? v_finding.object_id
        then
            v_cures := v_cures || pg_catalog.to_jsonb(v_finding.object_id);
        end if;
        if v_finding.row_id is not null then
            insert into core.reconciled_rows (tenant_id, row_id)
            values (v_finding.tenant_id, v_finding.row_id)
            on conflict do nothing;
        end if;
    end loop;

    if v_cures = '[]' then
        perform core.advance_reconciliation(v_run, nullif(p_step -> 'next', 'null'));
    end if;
    return pg_catalog.jsonb_build_object(
        'cures', v_cures, 'found', v_found, 'foreign', v_foreign);
end;
$$;
