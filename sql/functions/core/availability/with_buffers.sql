-- core.with_buffers: a booking's period widened by its frozen buffers; what it owns of the resource.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.with_buffers(
    p_starts_at timestamptz, p_ends_at timestamptz, p_before_minutes integer, p_after_minutes integer)
returns tstzrange
language sql stable parallel safe
as $$
    select pg_catalog.tstzrange(
        p_starts_at - p_before_minutes * interval '1 minute',
        p_ends_at + p_after_minutes * interval '1 minute',
        '[)')
$$;
