-- core.require_chargeable: refuse an amount that the payment provider does not charge in its currency.
--
-- p_amount  minor units
-- Source    docs.stripe.com/currencies, minimum and maximum charge amounts; see core.currencies
-- Locks     none
-- Raises    KHAMT  below the currency's least charge, or between two of its steps; detail is
--                  {"amount", "currency", "least_amount", "step"}
-- Backstop  none: the provider refuses it as well
create or replace function core.require_chargeable(p_amount bigint, p_currency text)
returns void
language plpgsql stable
as $$
declare
    v_currency core.currencies;
begin
    select * into v_currency from core.currencies as c where c.code = p_currency;
    if p_amount < v_currency.least_charge or p_amount % v_currency.step <> 0 then
        raise exception '% minor units of % cannot be charged', p_amount, p_currency
            using errcode = 'KHAMT',
                detail = pg_catalog.jsonb_build_object(
                    'amount', p_amount, 'currency', p_currency,
                    'least_amount', v_currency.least_charge, 'step', v_currency.step)::text,
                hint = pg_catalog.format(
                    'the minimum charge in %s is %s, in steps of %s',
                    p_currency, v_currency.least_charge, v_currency.step);
    end if;
end;
$$;
