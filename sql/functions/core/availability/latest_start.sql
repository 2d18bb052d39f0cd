-- core.latest_start: the latest start, by a resource's horizon.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.latest_start(p_horizon_days integer, p_at timestamptz)
returns timestamptz
language sql stable parallel safe
as $$
    select p_at + p_horizon_days * interval '24 hours'
$$;
