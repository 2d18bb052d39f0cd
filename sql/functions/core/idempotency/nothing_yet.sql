-- core.nothing_yet: the subject of a request that is about nothing that exists yet, such as a hold.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.nothing_yet()
returns uuid
language sql immutable parallel safe
as $$
    select '00000000-0000-0000-0000-000000000000'::uuid
$$;
