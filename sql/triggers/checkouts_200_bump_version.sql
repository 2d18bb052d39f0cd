-- checkouts_200_bump_version: every change of a checkout is a new version of it, but not that it was asked
-- about.
--
-- That condition stands in the function: PostgreSQL would parse a trigger's in every statement.
create or replace function core.bump_checkout_version()
returns trigger
language plpgsql
as $$
begin
    if old.asked_at is not distinct from new.asked_at then
        new.version := old.version + 1;
        new.updated_at := core.clock();
    end if;
    return new;
end;
$$;

create or replace trigger checkouts_200_bump_version
    before update on core.checkouts for each row execute function core.bump_checkout_version();
