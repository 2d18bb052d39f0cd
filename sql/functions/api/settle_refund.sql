-- api.settle_refund: take in what the provider says of one of our refunds.
--
-- p_event   {"id", "type", "created": epoch seconds}
-- p_status  'pending' | 'succeeded' | 'failed'
-- p_refund  the provider's refund object; metadata.refund_id names our row
-- Returns   {"result": "duplicate" | "unknown" | "recorded", "booking_id", "tenant_id"}
--
-- Runs as holdfast_system: the refund tells the tenant.
--
-- Locks     the event's id, then as core.record_refund
-- Raises    55P03
-- Backstop  stripe_events_pkey, refunds_stripe_refund_unique
create or replace function api.settle_refund(p_event jsonb, p_status text, p_refund jsonb)
returns jsonb
language plpgsql volatile security definer
set search_path = '' set lock_timeout = '3s' set enable_seqscan = off
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    v_reference text := p_refund #>> '{metadata,refund_id}';
    v_refund core.refunds;
    v_result text := 'recorded';
begin
    select * into v_refund
    from core.refunds as r
    where r.stripe_refund_id = p_refund ->> 'id';
    if not found
        and v_reference ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        and p_refund #>> '{metadata,tenant_id}' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    then
        select * into v_refund
        from core.refunds as r
        where r.tenant_id = (p_refund #>> '{metadata,tenant_id}')::uuid
            and r.id = v_reference::uuid and r.stripe_refund_id is null;
    end if;
    if v_refund.id is null then
        return pg_catalog.jsonb_build_object('result', 'unknown');
    end if;

    perform core.enter_tenant(v_refund.tenant_id, 'webhook', null, p_event ->> 'id');
    if core.record_event(p_event, v_refund.tenant_id, v_refund.booking_id) then
        perform core.record_refund(v_refund, p_status, p_refund ->> 'id');
    else
        v_result := 'duplicate';
    end if;
    return pg_catalog.jsonb_build_object(
        'result', v_result, 'booking_id', v_refund.booking_id, 'tenant_id', v_refund.tenant_id);
end;
$$;
