-- core.in_time: whether a start is neither too soon nor too far away.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.in_time(
    p_starts_at timestamptz, p_notice_minutes integer, p_horizon_days integer, p_at timestamptz)
returns boolean
language sql stable parallel safe
as $$
    select p_starts_at >= core.earliest_start(p_notice_minutes, p_at)
        and p_starts_at <= core.latest_start(p_horizon_days, p_at)
$$;
