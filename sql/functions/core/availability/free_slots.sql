-- core.free_slots: offered periods that can be taken, with the places still free in each, in the order
-- of their starts: core.free_runs, one by one.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.free_slots(
    p_resource core.resources, p_offering core.offerings,
    p_from timestamptz, p_to timestamptz, p_at timestamptz)
returns table (starts_at timestamptz, ends_at timestamptz, booked_on date, remaining integer)
language sql stable
rows 500
as $$
    select s.start_at, s.start_at + s.length, s.booked_on, s.remaining
    from (
        select pg_catalog.generate_series(r.first_start, r.last_start, r.step) as start_at,
            r.length, r.booked_on, r.remaining
        from core.free_runs(p_resource, p_offering, p_from, p_to, p_at) as r
    ) as s
$$;
