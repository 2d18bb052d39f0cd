-- core.asks_too_often: whether this period is one more of its resource, in this request alone, than a
-- customer may have.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.asks_too_often(p_requested core.requested_period[], p_one core.requested_period)
returns boolean
language plpgsql immutable
as $$
begin
    return (p_one.bookable).customer_limit < (
        select pg_catalog.count(*)
        from pg_catalog.unnest(p_requested) as w
        where (w.bookable).resource_id = (p_one.bookable).resource_id and w.position <= p_one.position);
end;
$$;
