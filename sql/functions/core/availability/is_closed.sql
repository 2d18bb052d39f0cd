-- core.is_closed: whether a blackout or a calendar has some of what a wanted period would own.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.is_closed(p_wanted core.wanted)
returns boolean
language plpgsql stable
as $$
begin
    if not (p_wanted.bookable).closures then
        return false; -- there is none: the look is saved
    end if;
    return exists (select from core.closed((p_wanted.resource).id, p_wanted.during));
end;
$$;
