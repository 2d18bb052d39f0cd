-- core.in_order_of_taking: periods of named resources come first, so that a pool does not give away what
-- another item of the same request names.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.in_order_of_taking(p_requested core.requested_period[])
returns core.requested_period[]
language plpgsql immutable
as $$
begin
    if pg_catalog.cardinality(p_requested) < 2 then
        return p_requested;
    end if;
    return array(
        select w from pg_catalog.unnest(p_requested) as w order by w.pool_id is not null, w.position);
end;
$$;
