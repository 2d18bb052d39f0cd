-- api.retry_effect: do again, by a person's decision, what is dead; or send money back once more
-- whose refund failed.
--
-- A dead effect is due at once, with its old key: should it have happened after all, it is found and
-- not repeated. A refund that failed at the provider is over; another one of the same payment, sum
-- and reason is queued in its place, once.
--
-- p_effect_id an effect that is dead, or the effect of a refund that failed
-- p_operator  who decided it
-- p_tenant_id whose effect it is; null: any tenant's
-- Returns     {"result": "revived" | "replaced", "effect": the effect that is due now, "booking_id",
--             "tenant_id"}
--
-- Runs as holdfast_system: an operator may know nothing but the effect's id.
--
-- Locks     the tenant's fence; the booking; the effect; the refund; as core.repeat_refund
-- Raises    KHMOV  the tenant is being moved, or another database answers for it
--           KHNTF  no such effect
--           KHSTA  it is neither dead nor a refund that failed, or was done again already
--           23514  payments_refunds_within_capture when the money has gone back another way
-- Backstop  payments_refunds_within_capture
create or replace function api.retry_effect(
    p_effect_id uuid, p_operator text, p_tenant_id uuid default null)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s' set enable_sort = off
as $$
declare
    v_tenant_id uuid := p_tenant_id;
    v_effect core.effects;
    v_refund core.refunds;
    v_effect_id uuid := p_effect_id;
    v_result text;
    v_now timestamptz;
begin
    if v_tenant_id is null then
        select e.tenant_id into v_tenant_id from core.effects as e where e.id = p_effect_id;
    end if;
    perform core.refuse_elsewhere(v_tenant_id);
    select * into v_effect
    from core.effects as e
    where e.tenant_id = v_tenant_id and e.id = p_effect_id;
    if not found then
        raise exception 'no such effect' using errcode = 'KHNTF', hint = 'check the id';
    end if;
    perform core.enter_tenant(
        v_tenant_id, 'operator', null, 'operator:' || pg_catalog.left(p_operator, 100));

    perform from core.bookings as b
    where b.tenant_id = v_effect.tenant_id and b.id = v_effect.booking_id
    for no key update;
    select * into v_effect
    from core.effects as e
    where e.tenant_id = v_tenant_id and e.id = p_effect_id
    for update;
    select * into v_refund
    from core.refunds as r
    where r.tenant_id = v_effect.tenant_id and r.id = v_effect.refund_id
    for update;
    v_now := core.clock();

    if v_refund.status = 'failed' and v_refund.replaced_by is null then
        v_refund.replaced_by := core.repeat_refund(v_refund);
        -- an event may have reported the failure first: then there is nothing to ask
        update core.effects as e
        set state = 'done', lease = null, updated_at = v_now
        where e.tenant_id = v_tenant_id and e.id = p_effect_id;
        select e.id into v_effect_id
        from core.effects as e
        where e.tenant_id = v_refund.tenant_id and e.key = 'refund_payment:' || v_refund.replaced_by
        order by e.tenant_id, e.key limit 1;
        v_result := 'replaced';
    elsif v_effect.state = 'dead' then
        update core.effects as e
        set state = 'pending', due_at = v_now, lease = null, attempts = 0, updated_at = v_now
        where e.tenant_id = v_tenant_id and e.id = p_effect_id;
        v_result := 'revived';
    else
        raise exception 'a % effect is not retried', v_effect.state
            using errcode = 'KHSTA', hint = 'retry a dead effect, or the one of a failed refund';
    end if;

    return pg_catalog.jsonb_build_object(
        'result', v_result, 'effect', v_effect_id, 'booking_id', v_effect.booking_id,
        'tenant_id', v_effect.tenant_id);
end;
$$;
