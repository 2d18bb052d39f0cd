-- …_200_bump_version: every change of a mutable public row is a new version of it.
create or replace function core.bump_version()
returns trigger
language plpgsql
as $$
begin
    new.version := old.version + 1;
    new.updated_at := core.clock();
    return new;
end;
$$;

create or replace trigger bookings_200_bump_version
    before update on core.bookings for each row execute function core.bump_version();
create or replace trigger checkouts_200_bump_version
    before update on core.checkouts for each row execute function core.bump_version();
create or replace trigger customers_200_bump_version
    before update on core.customers for each row execute function core.bump_version();
create or replace trigger offerings_200_bump_version
    before update on core.offerings for each row execute function core.bump_version();
create or replace trigger payments_200_bump_version
    before update on core.payments for each row execute function core.bump_version();
create or replace trigger prices_200_bump_version
    before update on core.prices for each row execute function core.bump_version();
create or replace trigger refunds_200_bump_version
    before update on core.refunds for each row execute function core.bump_version();
create or replace trigger resources_200_bump_version
    before update on core.resources for each row execute function core.bump_version();
