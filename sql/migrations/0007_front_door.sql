-- The front door: whose a key is, what a charge may be, what a tenant allows, and what ends.
--
-- The runner acts as holdfast_owner, to whom forced row-level security shows no rows: what changes
-- rows here runs as holdfast_system, with the triggers of those rows off, and says how many it changed.

-- Keys and repeats ---------------------------------------------------------------------------------

-- what a database made from nothing has not granted yet
grant select, insert, update, delete on all tables in schema core to holdfast_system;
grant usage on schema audit to holdfast_system;
grant select, insert on all tables in schema audit to holdfast_system;

alter table core.api_keys
    add column first_id uuid, -- the first of the keys that were replaced by this one; null: none was
    add column lineage uuid not null generated always as (coalesce(first_id, id)) stored,
    add constraint api_keys_first_exists
        foreign key (tenant_id, first_id) references core.api_keys (tenant_id, id);

alter type core.actor add attribute caller text; -- whose idempotency keys these are

alter table core.idempotency_keys
    drop constraint idempotency_keys_pkey,
    add column caller text, -- 'secret': all servers of the tenant; 'publishable:<lineage of the key>'
    add column subject uuid; -- the booking or resource it is about; nil where nothing exists yet

set local role holdfast_system;

do $$
declare
    v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
    v_all bigint;
    v_unknown bigint;
    v_added bigint;
begin
    update core.idempotency_keys as k
    set subject = coalesce(
        case k.operation
            when 'begin_checkout' then (
                select c.booking_id from core.checkouts as c
                where c.tenant_id = k.tenant_id and c.id = k.result_id)
            when 'reschedule' then (
                select c.booking_id from core.changes as c
                where c.tenant_id = k.tenant_id and c.id = k.result_id)
            when 'create_hours' then (
                select h.resource_id from core.weekly_hours as h
                where h.tenant_id = k.tenant_id and h.id = k.result_id)
            when 'create_override' then (
                select o.resource_id from core.date_overrides as o
                where o.tenant_id = k.tenant_id and o.id = k.result_id)
            when 'create_blackout' then (
                select b.resource_id from core.blackouts as b
                where b.tenant_id = k.tenant_id and b.id = k.result_id)
            when 'create_calendar' then (
                select c.resource_id from core.calendars as c
                where c.tenant_id = k.tenant_id and c.id = k.result_id)
            when 'create_calendar_feed' then (
                select f.resource_id from core.calendar_feeds as f
                where f.tenant_id = k.tenant_id and f.id = k.result_id)
        end,
        v_nil);
    get diagnostics v_all = row_count;

    -- who did it: the trail knows it of bookings; a place in the waitlist has the network address of
    -- a browser and none of a server; only servers have ever made anything else
    update core.idempotency_keys as k
    set caller = case a.kind when 'secret' then 'secret' else 'publishable:' || a.lineage end
    from core.api_keys as a
    where a.tenant_id = k.tenant_id and a.id = (
        select e.actor_key_id
        from audit.booking_events as e
        where e.tenant_id = k.tenant_id
            and e.booking_id = case k.operation when 'create_hold' then k.result_id else k.subject end
            and case k.operation
                when 'create_hold' then e.version = 1
                when 'begin_checkout' then
                    e.reason in ('checkout begun', 'checkout of the change begun')
                    and e.at >= (select c.created_at from core.checkouts as c
                        where c.tenant_id = k.tenant_id and c.id = k.result_id)
                when 'reschedule' then
                    e.reason in ('moved to another time', 'asked for another time, which costs more')
                    and e.at >= (select c.created_at from core.changes as c
                        where c.tenant_id = k.tenant_id and c.id = k.result_id)
                else false
            end
        order by e.version
        limit 1);
    update core.idempotency_keys as k
    set caller = 'secret'
    where k.caller is null and case k.operation
        when 'create_hold' then false
        when 'begin_checkout' then false
        when 'reschedule' then false
        when 'join_waitlist' then exists (
            select from core.waitlist as w
            where w.tenant_id = k.tenant_id and w.id = k.result_id and w.address_hash is null)
        else true
    end;

    -- one of the tenant's publishable keys, as far as can be known: a repeat by any of them finds the
    -- row, as it did before
    insert into core.idempotency_keys (
        tenant_id, operation, key, fingerprint, result_id, created_at, caller, subject)
    select k.tenant_id, k.operation, k.key, k.fingerprint, k.result_id, k.created_at,
        'publishable:' || a.lineage, k.subject
    from core.idempotency_keys as k
    cross join lateral (
        select a.lineage from core.api_keys as a
        where a.tenant_id = k.tenant_id and a.kind = 'publishable'
        union
        select v_nil -- nobody's, where there is none
        where not exists (
            select from core.api_keys as a
            where a.tenant_id = k.tenant_id and a.kind = 'publishable')) as a
    where k.caller is null;
    get diagnostics v_added = row_count;
    delete from core.idempotency_keys as k where k.caller is null;
    get diagnostics v_unknown = row_count;

    raise notice 'idempotency keys: % have a caller and a subject now; % of them are of one of the'
        ' tenant''s publishable keys, and became %', v_all, v_unknown, v_added;
end;
$$;

set local role holdfast_owner;

alter table core.idempotency_keys
    alter column caller set not null,
    alter column subject set not null,
    add constraint idempotency_keys_pkey primary key (tenant_id, caller, operation, subject, key),
    add constraint idempotency_keys_caller_named check (caller ~ '^[a-z]+(:[0-9a-f-]{36})?$');

-- Currencies ---------------------------------------------------------------------------------------

-- Limits and waitlist ------------------------------------------------------------------------------

-- Letters and pages --------------------------------------------------------------------------------

-- Payment pages and return addresses ---------------------------------------------------------------

-- Rates --------------------------------------------------------------------------------------------

-- Bookings: references, locale, time zone, secrets -------------------------------------------------

-- Retention and erasure ----------------------------------------------------------------------------
