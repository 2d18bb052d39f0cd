-- One word for one thing, and one door: who may do what is a table.

-- Capabilities -------------------------------------------------------------------------------------

-- What each kind of credential may do. The rows are part of the program, like the functions that ask
-- for them: sql/grants.sql writes them, and is the place to read them.
create table core.capabilities (
    capability text not null, -- noun.verb: what a function of schema api asks for
    kind text not null, -- of credential
    scope text not null, -- 'own': what the credential itself opens; 'tenant': all of its tenant's
    constraint capabilities_pkey primary key (capability, kind),
    constraint capabilities_capability_is_noun_verb check (capability ~ '^[a-z_]+\.[a-z_]+$'),
    constraint capabilities_kind_known check (
        kind in ('publishable', 'booking_secret', 'secret', 'link')),
    constraint capabilities_scope_known check (scope in ('own', 'tenant'))
);

alter type core.actor
    add attribute side text, -- who acts: 'customer' (their browser) or 'server' (the tenant's)
    add attribute scope text, -- of the capability that was asked for: 'own' or 'tenant'
    add attribute tenant core.tenants; -- its settings and limits, as they were when the call began

-- Words -------------------------------------------------------------------------------------------

-- A booking is rescheduled; "change" also meant a change of a catalogue item. A checkout's session is
-- Stripe's; the bookings of a group offering that share a unit are a class.
alter table core.changes rename to reschedules;
alter table core.checkouts rename column change_id to reschedule_id;
alter table core.checkouts rename column session_id to stripe_session_id;
alter table core.checkouts rename column session_url to stripe_session_url;
alter table core.checkouts rename column session_expires_at to stripe_session_expires_at;
alter table core.occupancies rename column session_id to class_id;
alter type core.wanted rename to requested_period;

alter table core.checkouts rename constraint checkouts_change_exists to checkouts_reschedule_exists;
alter table core.checkouts rename constraint checkouts_session_unique to checkouts_stripe_session_unique;
alter table core.checkouts rename constraint checkouts_open_has_session to checkouts_open_has_stripe_session;
alter index core.checkouts_by_change rename to checkouts_by_reschedule;

-- whatever else is named after the table, triggers of an earlier release included
do $$
declare
    v_old text;
begin
    for v_old in
        select c.conname from pg_catalog.pg_constraint as c
        where c.conrelid = 'core.reschedules'::regclass and starts_with(c.conname, 'changes_')
    loop
        execute format('alter table core.reschedules rename constraint %I to %I',
            v_old, 'reschedules_' || substr(v_old, length('changes_') + 1));
    end loop;
    for v_old in
        select c.relname
        from pg_catalog.pg_index as i
        join pg_catalog.pg_class as c on c.oid = i.indexrelid
        where i.indrelid = 'core.reschedules'::regclass and starts_with(c.relname, 'changes_')
    loop
        execute format('alter index core.%I rename to %I',
            v_old, 'reschedules_' || substr(v_old, length('changes_') + 1));
    end loop;
    for v_old in
        select t.tgname from pg_catalog.pg_trigger as t
        where t.tgrelid = 'core.reschedules'::regclass and starts_with(t.tgname, 'changes_')
    loop
        execute format('alter trigger %I on core.reschedules rename to %I',
            v_old, 'reschedules_' || substr(v_old, length('changes_') + 1));
    end loop;
end;
$$;

-- The runner's owner sees no row of a tenant's: holdfast_system renames what a sweep has passed over.
grant usage on schema core to holdfast_system; -- of a database that is made from nothing
grant select, update on core.sweep_failures to holdfast_system;
set local role holdfast_system;
do $$
declare
    v_rows bigint;
begin
    update core.sweep_failures as f set sweep = 'expire_reschedules' where f.sweep = 'expire_changes';
    get diagnostics v_rows = row_count;
    raise notice 'reschedules that the sweep passed over: %', v_rows;
end;
$$;
set local role holdfast_owner;
