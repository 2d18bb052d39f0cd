-- core.refund_difference: where the two books differ about a refund; a finding without a kind if they do
-- not.
--
-- Its first_seen_at is when it begins to count: for an hour after the last change it is under way.
--
-- p_seen    {"id": the refund at Stripe, or our row's id if it has none, "metadata": {"refund_id",
--           "tenant_id"}: our row, "object": {"amount": minor units, "currency", "status": 'pending' |
--           'succeeded' | 'failed', "created": epoch seconds, "payment_intent"} or null: Stripe has none}
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.refund_difference(p_seen jsonb)
returns core.findings
language plpgsql stable
as $$
declare
    v_finding core.findings;
    v_refund core.refunds := core.find_refund(p_seen);
    v_payment core.payments;
    v_status text := p_seen #>> '{object,status}';
begin
    v_finding.object_id := p_seen ->> 'id';
    v_finding.amount := (p_seen #>> '{object,amount}')::bigint;
    v_finding.currency := p_seen #>> '{object,currency}';

    if v_refund.id is null then
        select * into v_payment
        from core.payments as p
        where p.tenant_id = core.named_tenant(p_seen)
            and p.payment_intent_id = p_seen #>> '{object,payment_intent}';
        if not found then -- a refund made by hand has no metadata
            select * into v_payment
            from core.payments as p
            where p.payment_intent_id = p_seen #>> '{object,payment_intent}';
        end if;
    else
        select * into v_payment
        from core.payments as p
        where p.tenant_id = v_refund.tenant_id and p.id = v_refund.payment_id;
    end if;
    v_finding.tenant_id := v_payment.tenant_id;
    v_finding.booking_id := v_payment.booking_id;
    v_finding.row_id := v_refund.id;
    v_finding.booked_amount := v_refund.amount;
    v_finding.booked_currency := v_refund.currency;
    v_finding.first_seen_at := interval '1 hour' + greatest(
        v_refund.updated_at, pg_catalog.to_timestamp((p_seen #>> '{object,created}')::bigint));

    case
        when v_refund.id is null and v_status in ('pending', 'succeeded') then
            v_finding.kind := 'refund_unknown';
            v_finding.detail := v_status || ' at Stripe, and not in our books';
        when v_refund.id is null then
            null; -- it gave nothing back
        when v_status is null and v_refund.status in ('pending', 'succeeded') then
            v_finding.kind := 'refund_missing';
            v_finding.detail := v_refund.status || ' in our books, and not at Stripe';
        when v_refund.status = 'queued' and v_status is null then
            if exists (
                select from core.effects as e
                where e.tenant_id = v_refund.tenant_id and e.key = 'refund_payment:' || v_refund.id
                    and e.state = 'dead')
            then
                v_finding.kind := 'refund_failed';
                v_finding.detail := 'it was given up before Stripe had made it';
            end if;
        when v_status is not null
            and (v_finding.amount, v_finding.currency, p_seen #>> '{object,payment_intent}')
            is distinct from (v_refund.amount, v_refund.currency, v_payment.payment_intent_id)
        then
            v_finding.kind := 'refund_differs';
            v_finding.detail := 'another sum, or of another payment, in our books than at Stripe';
        when v_refund.status <> v_status then
            v_finding.kind := 'refund_status';
            v_finding.detail := v_refund.status || ' in our books, ' || v_status || ' at Stripe';
            if v_refund.status in ('queued', 'pending')
                or v_refund.status = 'succeeded' and v_status = 'failed'
            then
                v_finding.cure := 'settle_refund'; -- it takes in nothing else; see core.record_refund
            end if;
        when v_refund.status = 'failed' and v_refund.replaced_by is null
            and v_payment.amount_refunded + v_refund.amount <= v_payment.amount
        then
            v_finding.kind := 'refund_failed';
            v_finding.detail := 'it has failed, and no other has taken its place';
        else
            null;
    end case;
    return v_finding;
end;
$$;
