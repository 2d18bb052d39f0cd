-- core.fingerprint: what makes two requests the same request.
--
-- jsonb has one spelling for one value, so equal requests have equal hashes.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.fingerprint(p_request jsonb)
returns bytea
language sql stable parallel safe
as $$
    select pg_catalog.sha256(pg_catalog.convert_to(p_request::text, 'UTF8'))
$$;
