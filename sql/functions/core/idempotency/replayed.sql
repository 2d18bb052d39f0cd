-- core.replayed: what an earlier call of this caller with this key made, or null when there was none;
-- see core.claim_key.
--
-- Locks     none
-- Raises    KHKEY  the key was used for another request
-- Backstop  idempotency_keys_pkey
create or replace function core.replayed(
    p_actor core.actor, p_operation text, p_subject uuid, p_key text, p_fingerprint bytea)
returns uuid
language plpgsql volatile
as $$
declare
    v_earlier core.idempotency_keys;
begin
    select * into v_earlier
    from core.idempotency_keys as k
    where k.tenant_id = p_actor.tenant_id and k.caller = p_actor.caller
        and k.operation = p_operation and k.subject = p_subject and k.key = p_key;

    if found and v_earlier.fingerprint <> p_fingerprint then
        raise exception using errcode = 'KHKEY';
    end if;
    return v_earlier.result_id;
end;
$$;
