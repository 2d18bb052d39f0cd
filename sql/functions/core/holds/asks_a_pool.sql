-- core.asks_a_pool: whether a request to hold lets a pool choose any of its resources.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.asks_a_pool(p_request jsonb)
returns boolean
language sql immutable parallel safe
as $$
    select p_request ->> 'pool_id' is not null
        or coalesce(p_request @? '$.items[*].pool_id ? (@ != null)', false)
$$;
