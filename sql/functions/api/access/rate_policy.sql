-- api.rate_policy: how often the caller's key may ask; asked once in some minutes by each environment.
--
-- Returns   {"kind": of the key, "key_id", "salt": for the hashes of what is counted,
--           "budgets": {"reads", "holds", "waitlist", "checkouts", "writes", "mailbox", "key_factor"}}
--
-- Locks     none
-- Raises    KHAUT
-- Backstop  none
create or replace function api.rate_policy(p_actor jsonb)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'rate.read');
    v_tenant core.tenants := v_actor.tenant;
begin
    return pg_catalog.jsonb_build_object(
        'kind', v_actor.role,
        'key_id', v_actor.key_id,
        'salt', v_tenant.rate_salt,
        'budgets', pg_catalog.jsonb_build_object(
            'reads', v_tenant.rate_reads,
            'holds', v_tenant.rate_holds,
            'waitlist', v_tenant.rate_waitlist,
            'checkouts', v_tenant.rate_checkouts,
            'writes', v_tenant.rate_writes,
            'mailbox', v_tenant.rate_mailbox,
            'key_factor', v_tenant.rate_key_factor));
end;
$$;
