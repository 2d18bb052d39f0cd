-- core.slot_json: one free period as clients see it. Times only: nothing of the bookings around it.
--
-- p_timezone  also tell the times by the clocks of this zone; null: only in UTC
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.slot_json(
    p_starts_at timestamptz, p_ends_at timestamptz, p_booked_on date, p_remaining integer,
    p_timezone text default null)
returns jsonb
language sql stable parallel safe
as $$
    select pg_catalog.jsonb_build_object(
        'starts_at', core.utc(p_starts_at), 'ends_at', core.utc(p_ends_at),
        'date', p_booked_on, 'remaining', p_remaining)
        || case when p_timezone is null then '{}' else pg_catalog.jsonb_build_object(
            'starts_local', core.local_text(p_starts_at, p_timezone),
            'ends_local', core.local_text(p_ends_at, p_timezone)) end
$$;
