-- core.unpayable_prices: the prices of an offering that cannot be charged, and why. They were set before
-- their currency had its least charge, and no hold can use them until they are changed.
--
-- Returns   [{"tier", "package", "reason": "below_least" | "off_step", "least_amount", "step"}]
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.unpayable_prices(p_offering core.offerings)
returns jsonb
language sql stable
as $$
    select coalesce(pg_catalog.jsonb_agg(
        pg_catalog.jsonb_build_object(
            'tier', p.tier, 'package', p.package,
            'reason', case
                when p.amount < c.least_charge then 'below_least' else 'off_step' end,
            'least_amount', c.least_charge, 'step', c.step)
        order by p.tier, p.package), '[]')
    from core.prices as p
    join core.currencies as c on c.code = p.currency
    where p.tenant_id = p_offering.tenant_id and p.offering_id = p_offering.id
        and (p.amount < c.least_charge or p.amount % c.step <> 0)
$$;
