-- core.settled: the facts of a settlement, to be answered and counted.
--
-- p_result  see core.settle
-- p_late    whether money came after its time had been lost
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.settled(
    p_checkout core.checkouts, p_result text, p_late boolean default false)
returns core.settlement
language plpgsql volatile
as $$
begin
    return (p_result, p_checkout.booking_id, p_checkout.tenant_id, p_late,
        nullif(pg_catalog.current_setting('holdfast.reason', true), ''))::core.settlement;
end;
$$;
