-- core.widened: what a new booking of an offering would own of a resource: its period with today's
-- buffers.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.widened(
    p_resource core.resources, p_offering core.offerings,
    p_starts_at timestamptz, p_ends_at timestamptz)
returns tstzrange
language sql stable parallel safe
as $$
    select core.with_buffers(
        p_starts_at, p_ends_at,
        core.buffer_before(p_resource, p_offering), core.buffer_after(p_resource, p_offering))
$$;
