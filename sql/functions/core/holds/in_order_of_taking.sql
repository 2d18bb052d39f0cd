-- core.in_order_of_taking: periods of named resources come first, so that a pool does not give away what
-- another item of the same request names.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.in_order_of_taking(p_wanted core.wanted[])
returns core.wanted[]
language plpgsql immutable
as $$
begin
    if pg_catalog.cardinality(p_wanted) < 2 then
        return p_wanted;
    end if;
    return array(
        select w from pg_catalog.unnest(p_wanted) as w order by w.pool_id is not null, w.position);
end;
$$;
