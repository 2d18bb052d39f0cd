-- core.replace_prices: replace the prices of an offering. Bookings keep the price that they were
-- made at. A price that stays the same is neither written nor checked.
--
-- p_prices  [{"tier", "package", "amount", "currency"}, …]
-- Locks     none
-- Raises    KHAMT  a new or changed price cannot be charged (trigger prices_100_check_amount)
-- Backstop  prices_pkey, prices_currency_known, prices_amount_in_range
create or replace function core.replace_prices(
    p_tenant_id uuid, p_offering_id uuid, p_prices jsonb, p_at timestamptz)
returns void
language plpgsql volatile
as $$
declare
    v_price core.prices;
begin
    -- tiers and packages stay: bookings name them
    delete from core.prices as p
    where p.tenant_id = p_tenant_id and p.offering_id = p_offering_id
        and not exists (
            select from pg_catalog.jsonb_populate_recordset(null::core.prices, p_prices) as n
            where (n.tier, n.package, n.amount, n.currency)
                = (p.tier, p.package, p.amount, p.currency));
    for v_price in
        select n.*
        from pg_catalog.jsonb_populate_recordset(null::core.prices, p_prices) as n
        where not exists (
            select from core.prices as p
            where p.tenant_id = p_tenant_id and p.offering_id = p_offering_id
                and p.tier = n.tier and p.package = n.package)
    loop
        insert into core.tiers (tenant_id, offering_id, tier)
        values (p_tenant_id, p_offering_id, v_price.tier)
        on conflict do nothing;
        insert into core.packages (tenant_id, offering_id, tier, package)
        values (p_tenant_id, p_offering_id, v_price.tier, v_price.package)
        on conflict do nothing;
        insert into core.prices (
            tenant_id, offering_id, tier, package, amount, currency, created_at, updated_at)
        values (
            p_tenant_id, p_offering_id, v_price.tier, v_price.package, v_price.amount,
            v_price.currency, p_at, p_at);
    end loop;
end;
$$;
