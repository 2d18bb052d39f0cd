-- api.measure: api.measure_backlog, under the name that the previous release calls.
--
-- Locks     as api.measure_backlog
-- Raises    as api.measure_backlog
-- Backstop  as api.measure_backlog
create or replace function api.measure()
returns jsonb
language sql volatile security definer
as $$
    select api.measure_backlog()
$$;
