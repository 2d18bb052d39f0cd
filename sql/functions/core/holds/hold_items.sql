-- core.hold_items: the items of a request to hold; a single period is one item.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.hold_items(p_request jsonb)
returns jsonb
language sql stable parallel safe
as $$
    select case when pg_catalog.jsonb_typeof(p_request -> 'items') = 'array'
        then p_request -> 'items' else pg_catalog.jsonb_build_array(p_request) end
$$;
