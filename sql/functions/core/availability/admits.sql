-- core.admits: whether a period may start in this opening: on its grid, and open to its end.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.admits(
    p_opening core.openings, p_period tstzrange, p_step_minutes integer)
returns boolean
language sql stable parallel safe
as $$
    select pg_catalog.lower(p_period) >= p_opening.opens_at
        -- from the closing on, the grid is the next opening's
        and pg_catalog.lower(p_period) < p_opening.closes_at
        and pg_catalog.upper(p_period) <= p_opening.open_until
        and pg_catalog.date_bin(
            p_step_minutes * interval '1 minute', pg_catalog.lower(p_period), p_opening.opens_at)
            = pg_catalog.lower(p_period)
$$;
