-- api.settle_refund: apply the provider's outcome of one of our refunds, reported by an event or
-- fetched by us.
--
-- p_event   {"id", "type", "created": epoch seconds} or null when we asked
-- p_status  'pending' | 'succeeded' | 'failed'
-- p_refund  the provider's refund object; metadata.refund_id names our row
-- Returns   {"result": "duplicate" | "unknown" | "recorded", "booking_id", "tenant_id"}
--
-- Runs as holdfast_system: the tenant is known from the refund's metadata.
--
-- Locks     the tenant's fence; the event's id, then as core.record_refund
-- Raises    55P03 · KHMOV
-- Backstop  stripe_events_pkey, refunds_stripe_refund_unique
create or replace function api.settle_refund(p_event jsonb, p_status text, p_refund jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_refund core.refunds := core.find_refund(p_refund);
    v_result text := 'recorded';
begin
    if v_refund.id is null then
        perform core.refuse_elsewhere(core.named_tenant(p_refund));
        return pg_catalog.jsonb_build_object('result', 'unknown');
    end if;
    perform core.enter_tenant(
        v_refund.tenant_id, case when p_event is null then 'provider' else 'webhook' end, null,
        p_event ->> 'id');

    if p_event is not null and not core.record_event(
        p_event, v_refund.tenant_id, v_refund.booking_id)
    then
        v_result := 'duplicate';
    else
        perform core.record_refund(v_refund, p_status, p_refund ->> 'id');
    end if;
    return pg_catalog.jsonb_build_object(
        'result', v_result, 'booking_id', v_refund.booking_id, 'tenant_id', v_refund.tenant_id);
end;
$$;
