-- api.measure: api.measure_backlog, by the name that the release before calls.
--
-- Locks     as api.measure_backlog
-- Raises    as api.measure_backlog
-- Backstop  as api.measure_backlog
create or replace function api.measure()
returns jsonb
language sql volatile security definer
set search_path = ''
as $$
    select api.measure_backlog()
$$;
