-- core.sound_idempotency_key: the rules of a row of core.idempotency_keys, for its constraint
-- idempotency_keys_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_idempotency_key(p_row core.idempotency_keys)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.caller ~ '^[a-z]+(:[0-9a-f-]{36})?$')
            then 'idempotency_keys_caller_named'
        when not (pg_catalog.octet_length(p_row.fingerprint) = 32)
            then 'idempotency_keys_fingerprint_is_sha256'
        when not (pg_catalog.length(p_row.key) between 1 and 255
            and p_row.key !~ '[^\x21-\x7e]')
            then 'idempotency_keys_key_sane'
        when not (pg_catalog.length(p_row.operation) between 1 and 60
            and p_row.operation !~ '[^a-z_]')
            then 'idempotency_keys_operation_named'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "idempotency_keys" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'idempotency_keys', constraint = v_broken;
    end if;
    return true;
end;
$$;
