-- core.why_unpayable: why a price cannot be charged: below_least or off_step; null when it can.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.why_unpayable(p_price core.prices)
returns text
language plpgsql stable
as $$
begin
    return (
        select case
            when p_price.amount < c.least_charge then 'below_least'
            when p_price.amount % c.step <> 0 then 'off_step'
        end
        from core.currencies as c
        where c.code = p_price.currency);
end;
$$;
