-- core.period: the period that a start or a date stands for; null when the resource is booked the other
-- way, empty when the zone skipped that date.
--
-- p_starts_at | p_date  the start of a slot, or the local date
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.period(
    p_booking_mode text, p_timezone text, p_duration_minutes integer,
    p_starts_at timestamptz, p_date date)
returns tstzrange
language sql stable
as $$
    select case
        when (p_booking_mode = 'date') <> (p_date is not null)
            or p_date is null and p_starts_at is null then null
        when p_date is null then pg_catalog.tstzrange(
            p_starts_at, p_starts_at + p_duration_minutes * interval '1 minute', '[)')
        else pg_catalog.tstzrange(
            core.local_instant(p_date::timestamp, p_timezone, 'start'),
            core.local_instant((p_date + 1)::timestamp, p_timezone, 'start'), '[)')
    end
$$;
