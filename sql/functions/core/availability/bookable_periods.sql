-- core.bookable_periods: every period of an offering that the rules allow to start in [p_from, p_to), in
-- the order of their starts: core.bookable_runs, one by one.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.bookable_periods(
    p_resource core.resources, p_offering core.offerings,
    p_from timestamptz, p_to timestamptz, p_at timestamptz,
    p_busy tstzrange[] default '{}')
returns table (starts_at timestamptz, ends_at timestamptz, booked_on date)
language sql stable
rows 500
as $$
    select s.start_at, s.start_at + s.length, s.booked_on
    from (
        select pg_catalog.generate_series(r.first_start, r.last_start, r.step) as start_at,
            r.length, r.booked_on
        from core.bookable_runs(p_resource, p_offering, p_from, p_to, p_at, p_busy) as r
    ) as s
$$;
