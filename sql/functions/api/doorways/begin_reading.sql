-- api.begin_reading: api.begin_calendar_read, under the name that the previous release calls.
--
-- Locks     as api.begin_calendar_read
-- Raises    as api.begin_calendar_read
-- Backstop  as api.begin_calendar_read
create or replace function api.begin_reading(p_calendar_ids jsonb)
returns jsonb
language sql volatile security definer
as $$
    select api.begin_calendar_read(p_calendar_ids)
$$;
