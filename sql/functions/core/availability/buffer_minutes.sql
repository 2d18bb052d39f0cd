-- core.buffer_minutes: how many minutes before and after a booking the resource stays free: the
-- offering's if it has its own, else the resource's.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.buffer_minutes(
    p_resource core.resources, p_offering core.offerings,
    out before_minutes integer, out after_minutes integer)
language plpgsql immutable parallel safe
as $$
begin
    before_minutes := coalesce(p_offering.buffer_before_minutes, p_resource.buffer_before_minutes);
    after_minutes := coalesce(p_offering.buffer_after_minutes, p_resource.buffer_after_minutes);
end;
$$;
