-- core.record_finding: record the finding about one payment or refund, once; an earlier finding
-- that is no longer true is over.
--
-- A payment of no tenant of ours has the nil tenant. If its tenant becomes known, that is another
-- finding, and the first is over.
--
-- p_finding as core.payment_difference or core.refund_difference answers; without a kind: no difference
-- Returns   'new' | 'known' | 'none': no difference, or one that is under way
-- Locks     none (the caller holds the run)
-- Raises    nothing
-- Backstop  findings_pkey
create or replace function core.record_finding(p_finding core.findings)
returns text
language plpgsql volatile
as $$
declare
    v_tenant_id uuid := coalesce(p_finding.tenant_id, '00000000-0000-0000-0000-000000000000');
    v_finding core.findings;
    v_now timestamptz := core.clock();
begin
    update core.findings as f
    set resolved_at = v_now
    where f.object_id = p_finding.object_id and f.resolved_at is null
        and (f.tenant_id, f.kind) is distinct from (v_tenant_id, p_finding.kind);

    select * into v_finding
    from core.findings as f
    where f.tenant_id = v_tenant_id and f.object_id = p_finding.object_id and f.kind = p_finding.kind
        and f.resolved_at is null;
    if p_finding.kind is null or v_finding.kind is null and p_finding.first_seen_at > v_now then
        return 'none';
    end if;

    insert into core.findings (
        object_id, kind, tenant_id, booking_id, row_id, amount, currency, booked_amount,
        booked_currency, detail, cure, first_seen_at, last_seen_at)
    values (
        p_finding.object_id, p_finding.kind, v_tenant_id, p_finding.booking_id,
        p_finding.row_id, p_finding.amount, p_finding.currency, p_finding.booked_amount,
        p_finding.booked_currency, p_finding.detail, p_finding.cure, v_now, v_now)
    on conflict (tenant_id, object_id, kind) do update
    set booking_id = excluded.booking_id, row_id = excluded.row_id,
        amount = excluded.amount, currency = excluded.currency,
        booked_amount = excluded.booked_amount, booked_currency = excluded.booked_currency,
        detail = excluded.detail, cure = coalesce(excluded.cure, findings.cure),
        last_seen_at = excluded.last_seen_at, resolved_at = null,
        -- a finding that was accepted and over, and is back, must be examined again
        accepted_at = case when findings.resolved_at is null then findings.accepted_at end,
        accepted_because = case when findings.resolved_at is null then findings.accepted_because end;
    return case when v_finding.kind is null then 'new' else 'known' end;
end;
$$;
