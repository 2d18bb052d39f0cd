-- core.lease_effect: give an effect to one worker for a while, with all it needs to perform it.
--
-- A worker that outlives its lease may be joined by a second one; the effect's key makes that
-- harmless.
--
-- Locks     none (the caller holds the effect's row, and of a letter its mailbox's letters)
-- Raises    nothing
-- Backstop  the idempotency key outside
create or replace function core.lease_effect(p_effect core.effects, p_lease_seconds integer)
returns jsonb
language plpgsql volatile
as $$
declare
    v_effect core.effects;
    v_refund core.refunds;
    v_payment core.payments;
    v_now timestamptz := core.clock();
begin
    update core.effects as e
    set lease = pg_catalog.gen_random_uuid(),
        attempts = e.attempts + 1,
        due_at = v_now + p_lease_seconds * interval '1 second',
        updated_at = v_now
    where e.tenant_id = p_effect.tenant_id and e.id = p_effect.id
    returning * into v_effect;

    -- one after the other: a join could be begun at the wrong end
    select * into v_refund
    from core.refunds as r
    where r.tenant_id = v_effect.tenant_id and r.id = v_effect.refund_id;
    select * into v_payment
    from core.payments as p
    where p.tenant_id = v_refund.tenant_id and p.id = v_refund.payment_id;

    return pg_catalog.jsonb_build_object(
            'id', v_effect.id, 'tenant_id', v_effect.tenant_id, 'booking_id', v_effect.booking_id,
            'kind', v_effect.kind, 'key', v_effect.key, 'lease', v_effect.lease,
            'attempts', v_effect.attempts, 'request_id', v_effect.request_id,
            'age_seconds', pg_catalog.floor(pg_catalog.date_part('epoch', v_now - v_effect.created_at)))
        || coalesce((
            select pg_catalog.jsonb_build_object('checkout', core.checkout_json(c))
            from core.checkouts as c
            where c.tenant_id = v_effect.tenant_id and c.id = v_effect.checkout_id), '{}')
        || case when v_effect.refund_id is null then '{}' else
            pg_catalog.jsonb_build_object('refund', pg_catalog.jsonb_build_object(
                'id', v_refund.id, 'booking_id', v_refund.booking_id,
                'payment_intent_id', v_payment.payment_intent_id, 'amount', v_refund.amount,
                'currency', v_refund.currency, 'reason', v_refund.reason,
                'stripe_refund_id', v_refund.stripe_refund_id))
        end
        || case when v_effect.kind <> 'notify_offer' then '{}' else core.lease_letter(v_effect) end;
end;
$$;
