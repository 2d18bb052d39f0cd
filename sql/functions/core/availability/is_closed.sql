-- core.is_closed: whether a blackout or a calendar has some of what a wanted period would own.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.is_closed(p_requested core.requested_period)
returns boolean
language plpgsql stable
as $$
begin
    return exists (select from core.blocked_ranges((p_requested.bookable).resource_id, p_requested.during));
end;
$$;
