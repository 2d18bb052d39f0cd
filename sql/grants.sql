-- The public interface: who may call what, and which rows each role sees.
--
-- Read this file to know what each Lambda function can do to the database. Everything not granted
-- here is denied: the login roles own nothing, read no table, and execute only the functions named
-- beside them.

-- What clients, Stripe and the schedules reach ----------------------------------------------------

-- bound to the tenant of the caller's key
grant execute on function api.list_resources to holdfast_availability;
grant execute on function api.list_slots_as_text to holdfast_availability;
grant execute on function api.list_pool_slots_as_text to holdfast_availability;
grant execute on function api.explain_slot to holdfast_availability;
grant execute on function api.create_hold to holdfast_checkout;
grant execute on function api.release_hold to holdfast_checkout;
grant execute on function api.reschedule_booking to holdfast_lifecycle;
grant execute on function api.cancel_reschedule to holdfast_lifecycle;
grant execute on function api.begin_checkout to holdfast_checkout;
grant execute on function api.attach_checkout to holdfast_checkout;
grant execute on function api.get_confirmation to holdfast_confirmation;
grant execute on function api.get_booking to holdfast_bookings;
grant execute on function api.list_bookings to holdfast_bookings;
grant execute on function api.export_customer to holdfast_customers;
grant execute on function api.erase_customer to holdfast_customers;
grant execute on function api.join_waitlist to holdfast_waitlist;
grant execute on function api.get_waitlist_entry to holdfast_waitlist;
grant execute on function api.leave_waitlist to holdfast_waitlist;
grant execute on function api.list_waitlist to holdfast_waitlist;
grant execute on function api.create_calendar to holdfast_calendars;
grant execute on function api.list_calendars to holdfast_calendars;
grant execute on function api.delete_calendar to holdfast_calendars;
grant execute on function api.create_calendar_feed to holdfast_calendars;
grant execute on function api.list_calendar_feeds to holdfast_calendars;
grant execute on function api.revoke_calendar_feed to holdfast_calendars;
grant execute on function api.create_catalogue_item to holdfast_blackouts, holdfast_catalogue, holdfast_pools, holdfast_schedules;
grant execute on function api.change_catalogue_item to holdfast_blackouts, holdfast_catalogue, holdfast_pools, holdfast_schedules;
grant execute on function api.remove_catalogue_item to holdfast_blackouts, holdfast_catalogue, holdfast_pools, holdfast_schedules;
grant execute on function api.list_catalogue_items to holdfast_blackouts, holdfast_catalogue, holdfast_pools, holdfast_schedules;
grant execute on function api.get_catalogue_item to holdfast_catalogue, holdfast_pools;
grant execute on function api.health to holdfast_health;
grant execute on function api.rate_policy to holdfast_availability, holdfast_blackouts, holdfast_bookings, holdfast_calendars,
    holdfast_catalogue, holdfast_checkout, holdfast_confirmation, holdfast_customers, holdfast_lifecycle, holdfast_pools, holdfast_schedules, holdfast_waitlist;

-- across tenants: for Stripe, the sweeps and requests that have just asked Stripe
grant execute on function api.settle_checkout to holdfast_confirmation, holdfast_reconcile, holdfast_webhook;
grant execute on function api.settle_refund to holdfast_reconcile, holdfast_webhook;
grant execute on function api.expire_holds to holdfast_expire_holds;
grant execute on function api.offer_waiting to holdfast_offer_waiting;
grant execute on function api.delete_expired_records to holdfast_retention;
grant execute on function api.compile_openings to holdfast_retention;
grant execute on function api.read_calendar_feed to holdfast_calendars;
grant execute on function api.begin_calendar_read to holdfast_checkout, holdfast_lifecycle;
grant execute on function api.claim_calendars to holdfast_refresh_calendars;
grant execute on function api.store_calendar_busy to holdfast_checkout, holdfast_lifecycle, holdfast_refresh_calendars;
grant execute on function api.claim_effects to holdfast_deliver;
grant execute on function api.measure_backlog to holdfast_deliver;
grant execute on function api.retry_effect to holdfast_deliver;
grant execute on function api.finish_effect to holdfast_checkout, holdfast_deliver, holdfast_lifecycle;
grant execute on function api.next_reconciliation_page to holdfast_reconcile;
grant execute on function api.submit_reconciliation_page to holdfast_reconcile;

-- Doorways: the names in the previous release, for its code while traffic shifts and after a rollback.
-- The next release takes them away, with sql/functions/api/doorways.
grant execute on function api.list_slots to holdfast_availability;
grant execute on function api.list_pool_slots to holdfast_availability;
grant execute on function api.reschedule to holdfast_checkout;
grant execute on function api.abandon_change to holdfast_checkout;
grant execute on function api.begin_reading to holdfast_checkout;
grant execute on function api.store_busy to holdfast_checkout, holdfast_refresh_calendars;
grant execute on function api.measure to holdfast_deliver;
grant execute on function api.get_waiting to holdfast_waitlist;
grant execute on function api.reconcile to holdfast_reconcile;
grant execute on function api.continue_reconciliation to holdfast_reconcile;

-- every login that may call one of them may look up names in the schema
do $$
declare
    v_login text;
begin
    for v_login in
        select distinct r.rolname
        from pg_catalog.pg_proc as p
        cross join lateral pg_catalog.aclexplode(p.proacl) as a
        join pg_catalog.pg_roles as r on r.oid = a.grantee and r.rolcanlogin
        where p.pronamespace = 'api'::regnamespace
    loop
        execute pg_catalog.format('grant usage on schema api to %I', v_login);
    end loop;
end;
$$;

-- What each kind of credential may do -------------------------------------------------------------

-- The one list of capabilities, which core.authorize reads. A function of schema api that acts for a
-- caller asks for exactly one of them. Scope 'own' is what the credential itself opens: a secret its
-- booking, or its entry in the waitlist; 'tenant' is whatever the tenant has. A browser sends its
-- publishable key and perhaps a booking's secret, and may do what either may.
with listed (kind, scope, capabilities) as (values
    ('publishable', 'tenant', array[
        'booking.hold',
        'rate.read',
        'resource.list',
        'slot.list',
        'waitlist.join']),
    ('booking_secret', 'own', array[
        'booking.read',
        'booking.release',
        'checkout.begin',
        'reschedule.begin',
        'reschedule.cancel',
        'waitlist.leave',
        'waitlist.read']),
    ('secret', 'tenant', array[
        'booking.hold',
        'booking.list',
        'booking.read',
        'booking.release',
        'calendar.manage',
        'calendar.read',
        'catalogue.read',
        'catalogue.write',
        'checkout.begin',
        'customer.erase',
        'customer.export',
        'rate.read',
        'reschedule.begin',
        'reschedule.cancel',
        'resource.list',
        'slot.explain',
        'slot.list',
        'waitlist.join',
        'waitlist.leave',
        'waitlist.list',
        'waitlist.read'])
), wanted as (
    select c.capability, l.kind, l.scope
    from listed as l
    cross join lateral unnest(l.capabilities) as c (capability)
), removed as (
    delete from core.capabilities as c
    where not exists (
        select from wanted as w where w.capability = c.capability and w.kind = c.kind)
)
insert into core.capabilities as c (capability, kind, scope)
select w.capability, w.kind, w.scope from wanted as w
on conflict (capability, kind) do update set scope = excluded.scope
    where c.scope <> excluded.scope;

-- What the functions themselves need: they run as one of two owners
-- ---------------------------------

-- These must look across tenants; all others belong to holdfast_owner and see one tenant at a time.
alter function api.settle_checkout owner to holdfast_system;
alter function api.settle_refund owner to holdfast_system;
alter function api.expire_holds owner to holdfast_system;
alter function api.offer_waiting owner to holdfast_system;
alter function api.delete_expired_records owner to holdfast_system;
alter function api.compile_openings owner to holdfast_system;
alter function api.read_calendar_feed owner to holdfast_system;
alter function api.begin_calendar_read owner to holdfast_system;
alter function api.claim_calendars owner to holdfast_system;
alter function api.store_calendar_busy owner to holdfast_system;
alter function api.claim_effects owner to holdfast_system;
alter function api.measure_backlog owner to holdfast_system;
alter function api.retry_effect owner to holdfast_system;
alter function api.finish_effect owner to holdfast_system;
alter function api.next_reconciliation_page owner to holdfast_system;
alter function api.submit_reconciliation_page owner to holdfast_system;
alter function core.authorize owner to holdfast_system;
alter function core.occupied_ranges owner to holdfast_system;
alter function core.booked_days owner to holdfast_system;
alter function core.blocked_ranges owner to holdfast_system;
alter function core.find_requested_period owner to holdfast_system;
alter function core.free_in_pool owner to holdfast_system;
alter function core.classes owner to holdfast_system;
alter function core.stale_holds owner to holdfast_system;
-- triggers: a change of a rule, of any tenant, compiles what follows from it
alter function core.follow_hours owner to holdfast_system;
alter function core.follow_resources owner to holdfast_system;
alter function core.follow_resource_rules owner to holdfast_system;
alter function core.follow_offerings owner to holdfast_system;
alter function core.follow_prices owner to holdfast_system;
alter function core.follow_currencies owner to holdfast_system;

-- the doorways of those above
alter function api.begin_reading owner to holdfast_system;
alter function api.store_busy owner to holdfast_system;
alter function api.measure owner to holdfast_system;
alter function api.reconcile owner to holdfast_system;
alter function api.continue_reconciliation owner to holdfast_system;

grant usage on schema core, api, audit to holdfast_system;
grant select, insert, update, delete on all tables in schema core to holdfast_system;
grant select, insert on all tables in schema audit to holdfast_system;
-- the sweep of what is kept no longer; a trigger admits core.delete_booking alone
grant delete on audit.booking_events to holdfast_system;
grant update on audit.deleted_bookings to holdfast_system;
grant execute on all functions in schema core to holdfast_owner, holdfast_system;

-- How they run -----------------------------------------------------------------------------------

-- What all functions of schema api have in common, so that it need not stand in each file: names are
-- resolved without the caller's search_path, and a plan is made once, leaving no choice that depends
-- on how many rows there happened to be (CONTRIBUTING.md, "A stored function"). A file says only what
-- is its function's own: whether it waits for locks, and whether it may sort.
do $$
declare
    v_function regprocedure;
    v_name name;
begin
    for v_function, v_name in
        select p.oid::regprocedure, p.proname
        from pg_catalog.pg_proc as p
        where p.pronamespace = 'api'::regnamespace
    loop
        execute pg_catalog.format(
            'alter function %s set search_path = '''' set enable_seqscan = off'
                ' set plan_cache_mode = force_generic_plan',
            v_function);
        -- these join whole sets of times, for which a hash is quicker
        if v_name not in (
            'compile_openings', 'explain_slot', 'list_pool_slots_as_text', 'list_slots_as_text')
        then
            execute pg_catalog.format(
                'alter function %s set enable_hashjoin = off set enable_mergejoin = off', v_function);
        end if;
    end loop;
end;
$$;

-- Which rows are visible --------------------------------------------------------------------------

-- One tenant at a time, for every role, the owner of the tables included (force). Only
-- holdfast_system sees all, and only its own few functions run as it.
do $$
declare
    v_table regclass;
    v_tenant_column text;
begin
    for v_table, v_tenant_column in
        select c.oid::regclass, case when c.relname = 'tenants' then 'id' else 'tenant_id' end
        from pg_catalog.pg_class as c
        join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname in ('core', 'audit') and c.relkind in ('r', 'p')
            -- the same for every tenant, and nothing of any of them
            and c.relname not in (
                'capabilities', 'currencies', 'migrations', 'reconciliations', 'transitions')
    loop
        execute pg_catalog.format('alter table %s enable row level security', v_table);
        execute pg_catalog.format('alter table %s force row level security', v_table);
        execute pg_catalog.format('drop policy if exists tenant_only on %s', v_table);
        execute pg_catalog.format(
            'create policy tenant_only on %s to holdfast_owner using (%I = (select core.current_tenant()))',
            v_table, v_tenant_column);
        execute pg_catalog.format('drop policy if exists across_tenants on %s', v_table);
        execute pg_catalog.format(
            'create policy across_tenants on %s to holdfast_system using (true)', v_table);
    end loop;
end;
$$;
