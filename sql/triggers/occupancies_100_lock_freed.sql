-- occupancies_100_lock_freed: a transaction that frees a time which the waitlist may want keeps its days
-- until it ends, and serves the waitlist.
--
-- Otherwise a stranger could lock the days first, and take the time when this transaction commits. The
-- days are only tried, because the booking is locked already: whichever transaction has them goes first.
--
-- Locks     as core.try_lock_days
-- Raises    nothing
-- Backstop  none: occupancies_900_serve_waitlist finds the time taken
create or replace function core.lock_freed()
returns trigger
language plpgsql
as $$
begin
    perform core.try_lock_days(r.id, core.lock_range(r.daily_limit, r.timezone, old.during))
    from core.resources as r
    where r.tenant_id = old.tenant_id and r.id = old.resource_id;
    return null;
end;
$$;

create or replace trigger occupancies_100_lock_freed
    after delete on core.occupancies
    for each row when (
        pg_catalog.upper(old.during) > core.clock()
        and core.has_waitlist(old.tenant_id, old.resource_id))
    execute function core.lock_freed();
