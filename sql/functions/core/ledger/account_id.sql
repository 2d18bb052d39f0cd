-- core.account_id: the id of an account, which follows from what the account is for.
--
-- So a transaction knows the ids of all its accounts before it reads a row, and locks them in order.
--
-- p_subject_id  the booking, payment or refund; nil for the tenant as a whole
-- Locks     none
-- Raises    nothing
-- Backstop  accounts_id_is_derived
create or replace function core.account_id(
    p_tenant_id uuid, p_kind text, p_subject_id uuid, p_currency text)
returns uuid
language sql immutable parallel safe
as $$
    select pg_catalog.encode(
        pg_catalog.substr(
            pg_catalog.sha256(
                pg_catalog.uuid_send(p_tenant_id) || pg_catalog.uuid_send(p_subject_id)
                || (p_kind || ':' || p_currency)::bytea),
            1, 16),
        'hex')::uuid
$$;
