-- core.claim_key: write the fence row for this effect; null, or what an earlier call with the key
-- made.
--
-- A concurrent call with the same key waits here until the first one has committed or failed.
--
-- Locks     the unique key of the fence row
-- Raises    KHKEY  the key was used for another request
-- Backstop  idempotency_keys_pkey
create or replace function core.claim_key(
    p_actor core.actor, p_operation text, p_key text, p_fingerprint bytea, p_result_id uuid,
    p_at timestamptz)
returns uuid
language plpgsql volatile
as $$
begin
    insert into core.idempotency_keys (
        tenant_id, operation, key, fingerprint, result_id, created_at)
    values (p_actor.tenant_id, p_operation, p_key, p_fingerprint, p_result_id, p_at)
    on conflict (tenant_id, operation, key) do nothing;
    if found then
        return null;
    end if;
    return core.replayed(p_actor, p_operation, p_key, p_fingerprint);
end;
$$;
