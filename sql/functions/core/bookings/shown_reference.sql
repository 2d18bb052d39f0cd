-- core.shown_reference: a reference as people read it, K7QM-2F9D.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.shown_reference(p_reference text)
returns text
language sql immutable parallel safe
as $$
    select pg_catalog.left(p_reference, 4) || '-' || pg_catalog.right(p_reference, 4)
$$;
