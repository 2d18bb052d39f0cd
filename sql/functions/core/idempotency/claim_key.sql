-- core.claim_key: write the fence row for this effect; null, or what an earlier call with the key
-- made.
--
-- p_subject  what the request is about: a booking, a resource; nil where nothing exists yet
--
-- A key belongs to its caller, and to one operation on one subject: the same key elsewhere is
-- another key, which reveals nothing about this one and does not disturb it. A concurrent call with
-- the same key waits here until the first one has committed or failed.
--
-- Locks     the unique key of the fence row
-- Raises    KHKEY  the key was used for another request · KHAUT  see core.still_authorized
-- Backstop  idempotency_keys_pkey
create or replace function core.claim_key(
    p_actor core.actor, p_operation text, p_subject uuid, p_key text, p_fingerprint bytea,
    p_result_id uuid, p_at timestamptz)
returns uuid
language plpgsql volatile
as $$
begin
    insert into core.idempotency_keys (
        tenant_id, caller, operation, subject, key, fingerprint, result_id, created_at)
    values (
        p_actor.tenant_id, p_actor.caller, p_operation, p_subject, p_key, p_fingerprint, p_result_id,
        p_at)
    on conflict (tenant_id, caller, operation, subject, key) do nothing;
    if found then
        return null;
    end if;

    perform core.still_authorized(p_actor); -- the caller may have waited long for the first call
    return core.replayed(p_actor, p_operation, p_subject, p_key, p_fingerprint);
end;
$$;
