-- core.look_again: when a sweep tries again what it could not end: in ten minutes, or when the time
-- begins, which decides.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.look_again(p_starts_at timestamptz, p_at timestamptz)
returns timestamptz
language sql immutable parallel safe
as $$
    select least(
        p_at + interval '10 minutes', case when p_starts_at > p_at then p_starts_at end)
$$;
