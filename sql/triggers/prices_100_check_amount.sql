-- prices_100_check_amount: prices in the catalogue can be charged. Amounts from before their
-- currency had a least charge stay until they are changed.
--
-- Raises    KHAMT  see core.require_chargeable
create or replace function core.check_price_amount()
returns trigger
language plpgsql
as $$
begin
    if tg_op = 'INSERT' or (new.amount, new.currency) <> (old.amount, old.currency) then
        perform core.require_chargeable(new.amount, new.currency);
    end if;
    return new;
end;
$$;

create or replace trigger prices_100_check_amount
    before insert or update of amount, currency on core.prices
    for each row execute function core.check_price_amount();
