-- core.session_task: {"checkout": the checkout whose session is to be made unpayable}.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.session_task(p_effect core.effects)
returns jsonb
language plpgsql volatile
as $$
declare
    v_checkout core.checkouts;
begin
    select * into v_checkout
    from core.checkouts as c
    where c.tenant_id = p_effect.tenant_id and c.id = p_effect.checkout_id;
    return pg_catalog.jsonb_build_object('checkout', core.checkout_json(v_checkout));
end;
$$;
