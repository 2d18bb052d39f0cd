-- occupancies_900_serve_waitlist: at the end of a transaction, what it has freed is offered to
-- those who wait for it.
--
-- At commit, in the same transaction: no stranger comes in between, and code that frees a time need
-- not know of the waitlist. A time that has passed is not offered; one that was taken again
-- meanwhile is found taken. An offer must never undo a payment: an error here undoes only the
-- offer, and api.offer_waiting makes it later. Nothing is waited for longer than 10 ms
-- (core.make_offers), as the transaction holds bookings already.
--
-- At commit the settings are those of the last tenant, and the login role is back. So this runs as
-- holdfast_owner, enters the tenant of the row, and leaves the settings as they were.
--
-- Whether anyone waits is asked when the time is freed: mostly no one does, and the commit has nothing
-- to do. Occupancies are inserted and deleted; an update never moves one.
--
-- Locks     as core.make_offers
-- Raises    nothing
-- Backstop  occupancies_no_overlap
create or replace function core.serve_waitlist()
returns trigger
language plpgsql security definer
set search_path = '' set enable_seqscan = off set plan_cache_mode = force_generic_plan
set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
    v_tenant text := pg_catalog.current_setting('holdfast.tenant_id', true);
    v_role text := pg_catalog.current_setting('holdfast.actor_role', true);
    v_key text := pg_catalog.current_setting('holdfast.actor_key_id', true);
    v_request text := pg_catalog.current_setting('holdfast.request_id', true);
    v_reason text := pg_catalog.current_setting('holdfast.reason', true);
begin
    perform core.enter_tenant(old.tenant_id, 'sweep', null, v_request);
    perform core.make_offers(r, old.during)
    from core.resources as r
    where r.tenant_id = old.tenant_id and r.id = old.resource_id;

    -- an error has brought them back already
    perform pg_catalog.set_config('holdfast.tenant_id', coalesce(v_tenant, ''), true),
            pg_catalog.set_config('holdfast.actor_role', coalesce(v_role, ''), true),
            pg_catalog.set_config('holdfast.actor_key_id', coalesce(v_key, ''), true),
            pg_catalog.set_config('holdfast.reason', coalesce(v_reason, ''), true);
    return null;
exception
    when lock_not_available then
        return null; -- another transaction is at work there
    when others or query_canceled or assert_failure then
        raise log 'what became free of resource % is not offered: % %',
            old.resource_id, sqlstate, sqlerrm;
        return null;
end;
$$;

drop trigger if exists occupancies_900_serve_waitlist on core.occupancies;
create constraint trigger occupancies_900_serve_waitlist
    after delete on core.occupancies
    deferrable initially deferred
    for each row when (
        pg_catalog.upper(old.during) > core.clock()
        and core.has_waitlist(old.tenant_id, old.resource_id))
    execute function core.serve_waitlist();
