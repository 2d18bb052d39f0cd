-- core.require_price: the price of an offering's tier and package, which can be charged. There is no
-- other source of prices.
--
-- Locks     none
-- Raises    KHPRC  the offering has no such tier and package, or no price for it
--           KHAMT  its price cannot be charged; see core.require_chargeable
-- Backstop  prices_package_of_tier, bookings_package_of_tier
create or replace function core.require_price(p_offering core.offerings, p_tier text, p_package text)
returns core.prices
language plpgsql stable
as $$
declare
    v_price core.prices;
begin
    select * into v_price
    from core.prices as p
    where p.tenant_id = p_offering.tenant_id and p.offering_id = p_offering.id
        and p.tier = p_tier and p.package = p_package;

    if not found then
        raise exception using errcode = 'KHPRC';
    end if;
    perform core.require_chargeable(v_price.amount, v_price.currency);
    return v_price;
end;
$$;
