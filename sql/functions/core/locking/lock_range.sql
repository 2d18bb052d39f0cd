-- core.lock_range: the range whose days are to be locked before a time is taken.
--
-- The occupied range; and where a resource's bookings are counted by the local day, the whole
-- local days it touches, so that all that count the same day share a lock.
--
-- p_daily_limit, p_timezone  the resource's
-- p_during  the occupied range, buffers included
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.lock_range(
    p_daily_limit integer, p_timezone text, p_during tstzrange)
returns tstzrange
language sql stable parallel safe
as $$
    select case when p_daily_limit is null then p_during
        else core.whole_days(p_timezone, p_during) end
$$;
