-- core.earliest_start: the earliest start, by a resource's notice.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.earliest_start(p_notice_minutes integer, p_at timestamptz)
returns timestamptz
language sql stable parallel safe
as $$
    select p_at + p_notice_minutes * interval '1 minute'
$$;
