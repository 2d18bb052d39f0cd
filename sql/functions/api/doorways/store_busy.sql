-- api.store_busy: api.store_calendar_busy, under the name that the previous release calls.
--
-- Locks     as api.store_calendar_busy
-- Raises    as api.store_calendar_busy
-- Backstop  as api.store_calendar_busy
create or replace function api.store_busy(p_calendar_id uuid, p_begun_at timestamptz, p_reading jsonb)
returns jsonb
language sql volatile security definer
as $$
    select api.store_calendar_busy(p_calendar_id, p_begun_at, p_reading)
$$;
