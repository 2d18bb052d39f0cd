-- core.is_live: does a booking in this status own its time?
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.is_live(p_status text)
returns boolean
language sql immutable parallel safe
as $$
    select p_status in ('held', 'paying', 'requested', 'scheduled', 'active')
$$;
