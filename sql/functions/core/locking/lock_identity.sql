-- core.lock_identity: serialise all requests of one customer, or from one network address.
--
-- All addresses are locked before all customers, and both before any day, so that there is no
-- deadlock.
--
-- p_kind    'address' or 'customer'
--
-- Locks     pg_advisory_xact_lock on the identity, to the end of the transaction
-- Raises    nothing (55P03 when the caller's lock_timeout passes)
-- Backstop  none
create or replace function core.lock_identity(p_tenant_id uuid, p_kind text, p_identity text)
returns void
language plpgsql volatile
as $$
begin
    perform pg_catalog.pg_advisory_xact_lock(
        pg_catalog.hashtextextended(p_kind || ':' || p_tenant_id || ':' || p_identity, 0));
end;
$$;
