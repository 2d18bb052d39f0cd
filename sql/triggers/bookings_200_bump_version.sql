-- …_200_bump_version: every change of a mutable public row is a new version of it; a checkout has a
-- function of its own, in checkouts_200_bump_version.
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

create or replace trigger blackouts_200_bump_version
    before update on core.blackouts for each row execute function core.bump_version();
create or replace trigger bookings_200_bump_version
    before update on core.bookings for each row execute function core.bump_version();
create or replace trigger reschedules_200_bump_version
    before update on core.reschedules for each row execute function core.bump_version();
create or replace trigger calendars_200_bump_version
    before update on core.calendars for each row execute function core.bump_version();
create or replace trigger customers_200_bump_version
    before update on core.customers for each row execute function core.bump_version();
create or replace trigger date_overrides_200_bump_version
    before update on core.date_overrides for each row execute function core.bump_version();
create or replace trigger offerings_200_bump_version
    before update on core.offerings for each row execute function core.bump_version();
create or replace trigger payments_200_bump_version
    before update on core.payments for each row execute function core.bump_version();
create or replace trigger pools_200_bump_version
    before update on core.pools for each row execute function core.bump_version();
create or replace trigger prices_200_bump_version
    before update on core.prices for each row execute function core.bump_version();
create or replace trigger refunds_200_bump_version
    before update on core.refunds for each row execute function core.bump_version();
create or replace trigger resources_200_bump_version
    before update on core.resources for each row execute function core.bump_version();
create or replace trigger waitlist_200_bump_version
    before update on core.waitlist for each row when ( -- a look of the sweep changes nothing
        old.looked_at is not distinct from new.looked_at
        or (old.state, old.booking_id) is distinct from (new.state, new.booking_id))
    execute function core.bump_version();
create or replace trigger weekly_hours_200_bump_version
    before update on core.weekly_hours for each row execute function core.bump_version();
