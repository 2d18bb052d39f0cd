-- api.settle_checkout: apply the provider's outcome of a checkout session, reported by an event or
-- fetched by us.
--
-- p_event   {"id", "type", "created": epoch seconds} or null when we asked
-- p_outcome what the session means; see core.settle
-- p_session the provider's session object
-- Returns   {"result": "duplicate" | "unknown" | what core.settle did, "booking_id", "tenant_id",
--           "reason": why, as the audit trail has it, or null when no booking was changed}
--
-- Runs as holdfast_system: the tenant is known from the session's metadata.
--
-- Locks     the tenant's fence; the event's id, then as core.settle
-- Raises    40001 · 55P03 · KHMOV
-- Backstop  stripe_events_pkey, payments_intent_unique
create or replace function api.settle_checkout(p_event jsonb, p_outcome text, p_session jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_checkout core.checkouts := core.find_checkout(p_session);
    v_result text;
begin
    if v_checkout.id is null then
        perform core.refuse_elsewhere(core.named_tenant(p_session));
        return pg_catalog.jsonb_build_object('result', 'unknown');
    end if;
    perform core.enter_tenant(
        v_checkout.tenant_id, case when p_event is null then 'provider' else 'webhook' end, null,
        p_event ->> 'id');

    if p_event is not null and not core.record_event(
        p_event, v_checkout.tenant_id, v_checkout.booking_id)
    then
        v_result := 'duplicate';
    else
        v_result := core.settle(v_checkout, p_outcome, p_session);
    end if;
    return pg_catalog.jsonb_build_object(
        'result', v_result, 'booking_id', v_checkout.booking_id, 'tenant_id', v_checkout.tenant_id,
        'reason', nullif(pg_catalog.current_setting('holdfast.reason', true), ''));
end;
$$;
