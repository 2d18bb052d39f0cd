-- core.buffer_before: how many minutes before a booking the resource stays free: the offering's if it has its
-- own, else the resource's.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.buffer_before(p_resource core.resources, p_offering core.offerings)
returns integer
language sql immutable parallel safe
as $$
    select coalesce(p_offering.buffer_before_minutes, p_resource.buffer_before_minutes)
$$;
