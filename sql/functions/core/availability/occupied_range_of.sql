-- core.occupied_range_of: what a new booking of an offering would own of a resource: its period widened
-- by the buffers of today.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.occupied_range_of(
    p_resource core.resources, p_offering core.offerings,
    p_starts_at timestamptz, p_ends_at timestamptz)
returns tstzrange
language plpgsql stable
as $$
declare
    v_buffers record := core.buffer_minutes(p_resource, p_offering);
begin
    return core.with_buffers(
        p_starts_at, p_ends_at, v_buffers.before_minutes, v_buffers.after_minutes);
end;
$$;
