-- core.slot_json: a free period as an alternative to one that is taken.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.slot_json(
    p_starts_at timestamptz, p_ends_at timestamptz, p_booked_on date, p_remaining integer)
returns jsonb
language sql stable parallel safe
as $$
    select pg_catalog.jsonb_build_object(
        'starts_at', core.utc(p_starts_at),
        'ends_at', core.utc(p_ends_at),
        'date', p_booked_on,
        'remaining', p_remaining)
$$;
