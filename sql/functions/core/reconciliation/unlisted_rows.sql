-- core.unlisted_rows: payments, or refunds, in our books that Stripe has not listed to this run; a few at
-- a time.
--
-- Returns   {"items": [{"type", "id": at Stripe, or ours if it has none there, "metadata"}, …],
--            "next": where it ended; null at the end}
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.unlisted_rows(p_run core.reconciliations)
returns jsonb
language plpgsql stable
as $$
declare
    v_from timestamptz := coalesce((p_run.after ->> 0)::timestamptz, p_run.from_at);
    v_after uuid := coalesce((p_run.after ->> 1)::uuid, '00000000-0000-0000-0000-000000000000');
    v_rows jsonb;
    v_row jsonb;
    v_items jsonb := '[]';
    v_next jsonb;
begin
    if p_run.phase = 'our_payments' then
        select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(n)) into v_rows
        from (
            select p.created_at, p.id, p.tenant_id, p.payment_intent_id as object_id, 'payment' as type
            from core.payments as p
            where (p.created_at, p.id) > (v_from, v_after) and p.created_at < p_run.until_at
                and core.is_here(p.tenant_id)
            order by p.created_at, p.id
            limit 300
        ) as n;
    else
        select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(n)) into v_rows
        from (
            select r.created_at, r.id, r.tenant_id, r.stripe_refund_id as object_id, 'refund' as type
            from core.refunds as r
            where (r.created_at, r.id) > (v_from, v_after) and r.created_at < p_run.until_at
                and core.is_here(r.tenant_id)
            order by r.created_at, r.id
            limit 300
        ) as n;
    end if;

    for v_row in select e from pg_catalog.jsonb_array_elements(v_rows) as e loop
        v_next := pg_catalog.jsonb_build_array(v_row -> 'created_at', v_row -> 'id');
        if not exists (
            select from core.reconciled_rows as s
            where s.tenant_id = (v_row ->> 'tenant_id')::uuid and s.row_id = (v_row ->> 'id')::uuid)
        then
            v_items := v_items || pg_catalog.jsonb_build_object(
                'type', v_row -> 'type', 'id', coalesce(v_row ->> 'object_id', v_row ->> 'id'),
                'metadata', pg_catalog.jsonb_build_object(
                    'tenant_id', v_row -> 'tenant_id', 'refund_id', v_row -> 'id'));
        end if;
        exit when pg_catalog.jsonb_array_length(v_items) = 20;
    end loop;

    return pg_catalog.jsonb_build_object('items', v_items, 'next', case
        when pg_catalog.jsonb_array_length(v_rows) = 300 or pg_catalog.jsonb_array_length(v_items) = 20
        then v_next end);
end;
$$;
