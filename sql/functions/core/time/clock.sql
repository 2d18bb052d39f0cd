-- core.clock: the only clock that decides anything. Read it after the locks are held.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.clock()
returns timestamptz
language sql volatile
as $$
    select pg_catalog.clock_timestamp()
$$;
