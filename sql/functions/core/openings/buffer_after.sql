-- core.buffer_after: how many minutes after a booking the resource stays free: the offering's if it has its
-- own, else the resource's.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.buffer_after(p_resource core.resources, p_offering core.offerings)
returns integer
language sql immutable parallel safe
as $$
    select coalesce(p_offering.buffer_after_minutes, p_resource.buffer_after_minutes)
$$;
