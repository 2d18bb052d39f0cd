-- api.claim_effects: take due effects for a while, to perform them outside.
--
-- p_limit         effects a call
-- p_lease_seconds how long they are not claimed again
-- Returns         [effect, …] as core.lease_effect describes them
--
-- Runs as holdfast_system: it works across tenants.
--
-- Locks     the claimed effects, skipping those that are locked; their tenants' fences; as
--           core.try_letters
-- Raises    40001, 40P01
-- Backstop  the idempotency key outside
create or replace function api.claim_effects(p_limit integer, p_lease_seconds integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_effect core.effects;
    v_now timestamptz := core.clock();
    v_claimed jsonb := '[]';
begin
    for v_effect in
        select * from core.effects as e
        where e.state = 'pending' and e.due_at <= v_now
            and core.is_here(e.tenant_id)
            and not core.passed_over('claim_effects', e.tenant_id, e.id, v_now)
        order by e.due_at
        limit p_limit
        for update skip locked
    loop
        continue when not core.try_enter_tenant(v_effect.tenant_id, 'outbox', null, v_effect.key);
        begin
            if v_effect.kind = 'notify_offer'
                and not core.try_letters(v_effect.tenant_id, v_effect.booking_id)
            then
                continue; -- another call is counting this mailbox's letters: next time
            end if;
            v_claimed := v_claimed
                || pg_catalog.jsonb_build_array(core.lease_effect(v_effect, p_lease_seconds));
        exception when others then
            perform core.pass_over(
                'claim_effects', v_effect.tenant_id, v_effect.id, sqlstate, sqlerrm);
            exit when sqlstate = '55P03';
        end;
    end loop;
    return v_claimed;
end;
$$;
