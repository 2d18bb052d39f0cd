-- api.finish_effect: record the result of an effect, and all that follows from it, in one
-- transaction.
--
-- p_verdict 'done'  it happened; p_result is {"outcome", "session"} for expire_session and
--                   {"status", "refund"} for refund_payment
--           'retry' it may not have happened: again later, with growing pauses; p_result is
--           {"error"} 'dead'  it never will: a person must look; p_result is {"error"}
-- p_result  with each: "tenant_id", as the effect was leased with
--
-- Returns   core.settlement; its result is the verdict unless a checkout was settled
--
-- Done is done, whichever caller did it; retry and dead count only for the holder of the lease.
--
-- Runs as holdfast_system: the caller names the tenant.
--
-- Locks     the tenant's fence; as core.settle or core.record_refund, then the effect's row
-- Raises    40001 · 55P03 · KHMOV · KHNTF no such effect
-- Backstop  payments_intent_unique, refunds_stripe_refund_unique
create or replace function api.finish_effect(
    p_effect_id uuid, p_lease uuid, p_verdict text, p_result jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_tenant_id uuid := (p_result ->> 'tenant_id')::uuid;
    v_effect core.effects;
    v_settled core.settlement;
    v_waits boolean;
    v_now timestamptz;
begin
    if v_tenant_id is null then -- the previous release does not send it
        select e.tenant_id into v_tenant_id from core.effects as e where e.id = p_effect_id;
    end if;
    perform core.refuse_elsewhere(v_tenant_id);
    select * into v_effect
    from core.effects as e
    where e.tenant_id = v_tenant_id and e.id = p_effect_id;
    if not found then
        raise exception 'no such effect' using errcode = 'KHNTF', hint = 'check the id';
    end if;
    perform core.enter_tenant(v_tenant_id, 'outbox', null, v_effect.key);

    -- one entry for each kind; nothing follows from a letter
    if p_verdict = 'done' then
        case v_effect.kind
            when 'expire_session' then
                v_settled := core.after_expire_session(v_effect, p_result);
            when 'refund_payment' then
                perform core.after_refund_payment(v_effect, p_result);
            else
                null;
        end case;
    end if;
    if v_settled is null then
        v_settled := (p_verdict, v_effect.booking_id, v_effect.tenant_id, false,
            nullif(pg_catalog.current_setting('holdfast.reason', true), ''));
    end if;

    -- a pending refund is asked about again: the event that reports its end may be lost
    v_waits := p_verdict = 'retry'
        or p_verdict = 'done' and coalesce(p_result ->> 'status', '') = 'pending';

    v_now := core.clock();
    update core.effects as e
    set state = case when v_waits then 'pending' when p_verdict = 'dead' then 'dead' else 'done' end,
        due_at = case
            when v_waits and p_verdict = 'done' then v_now + interval '6 hours'
            when p_verdict = 'retry' then v_now
                -- 4 s, 8 s, … up to an hour, a quarter more or less so that retries spread
                + least(3600, 2 * power(2, least(e.attempts, 12)))
                    * (0.75 + pg_catalog.random() / 2) * interval '1 second'
            else e.due_at
        end,
        lease = null,
        last_error = pg_catalog.left(p_result ->> 'error', 1000),
        updated_at = v_now
    where e.tenant_id = v_tenant_id and e.id = p_effect_id
        and (p_verdict = 'done' or e.lease = p_lease);

    return pg_catalog.to_jsonb(v_settled);
end;
$$;
