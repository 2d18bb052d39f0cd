-- api.store_busy: api.store_calendar_busy, by the name that the release before calls.
--
-- Locks     as api.store_calendar_busy
-- Raises    as api.store_calendar_busy
-- Backstop  as api.store_calendar_busy
create or replace function api.store_busy(p_calendar_id uuid, p_begun_at timestamptz, p_reading jsonb)
returns jsonb
language sql volatile security definer
set search_path = ''
as $$
    select api.store_calendar_busy(p_calendar_id, p_begun_at, p_reading)
$$;
