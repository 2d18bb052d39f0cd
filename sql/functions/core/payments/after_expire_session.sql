-- core.after_expire_session: record how a session that was to be closed has ended.
--
-- p_result  {"outcome", "session"}, as core.settle takes them
-- Locks     as core.settle
-- Raises    40001
-- Backstop  payments_intent_unique
create or replace function core.after_expire_session(p_effect core.effects, p_result jsonb)
returns core.settlement
language plpgsql volatile
as $$
declare
    v_checkout core.checkouts;
begin
    select * into v_checkout
    from core.checkouts as c
    where c.tenant_id = p_effect.tenant_id and c.id = p_effect.checkout_id;
    return core.settle(v_checkout, p_result ->> 'outcome', p_result -> 'session');
end;
$$;
