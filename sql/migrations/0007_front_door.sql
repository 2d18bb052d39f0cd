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

-- What Stripe takes differs per currency. Where its table has no amount of its own, the least is what
-- 0.50 USD convert to, with room for rates that move; so it is for INR, whose 0.50 are below that.
-- Source: docs.stripe.com/currencies, minimum and maximum charge amounts, special cases.
alter table core.currencies
    add column least_charge bigint, -- minor units; Stripe charges nothing below
    add column step integer not null default 1, -- minor units; a charge is a multiple of it
    add constraint currencies_least_charge_positive check (least_charge >= 1),
    add constraint currencies_step_positive check (step >= 1),
    add constraint currencies_least_charge_in_steps check (least_charge % step = 0);

update core.currencies as c
set least_charge = l.least_charge
from (values
    ('AED', 200), ('AUD', 50), ('BGN', 100), ('BRL', 50), ('CAD', 50), ('CHF', 50), ('CZK', 1500),
    ('DKK', 250), ('EUR', 50), ('GBP', 30), ('HKD', 400), ('ILS', 300), ('INR', 5000), ('JPY', 50),
    ('KRW', 1000), ('MXN', 1000), ('MYR', 200), ('NOK', 300), ('NZD', 50), ('PHP', 4000),
    ('PLN', 200), ('RON', 200), ('SAR', 300), ('SEK', 300), ('SGD', 50), ('THB', 1000),
    ('TRY', 5000), ('USD', 50), ('VND', 20000), ('ZAR', 1500)) as l (code, least_charge)
where c.code = l.code; -- no tenant's rows: the owner sees and changes them
-- one that an operator has added: high enough for any
update core.currencies set least_charge = 100000 where least_charge is null;
alter table core.currencies alter column least_charge set not null;

-- The least of a currency is judged where an amount is set (trigger prices_check_amount,
-- core.require_chargeable), not by a constraint: amounts that exist below it stay.
alter table core.prices
    drop constraint prices_amount_in_range,
    add constraint prices_amount_in_range check (amount between 1 and 99999999);
alter table core.bookings
    drop constraint bookings_amount_in_range,
    add constraint bookings_amount_in_range check (amount between 1 and 99999999);
alter table core.changes
    drop constraint changes_amount_in_range,
    add constraint changes_amount_in_range check (amount between 1 and 99999999);
alter table core.checkouts
    drop constraint checkouts_amount_in_range,
    add constraint checkouts_amount_in_range check (amount between 1 and 99999999);

-- Limits and waitlist ------------------------------------------------------------------------------

-- What counts is what is taken: periods. Where null is allowed it means no limit. The whole policy,
-- with who is counted by what: docs/limits.md.
alter table core.tenants
    alter column live_holds_per_customer set default 52, -- of servers' holds, by mailbox
    alter column live_holds_per_address set default 24, -- of browsers' holds, as all that follow
    add column live_holds_per_resource integer default 12,
    add column live_holds_per_day integer default 4, -- of one resource, by its local day
    add column holds_per_hour integer default 100, -- whatever became of them
    add column free_lapses integer default 8, -- unpaid requests an hour before a pause is required
    add column places_per_customer integer not null default 20, -- of servers, by mailbox
    add column places_per_address integer default 10,
    add column places_per_hour integer default 30,
    add column offers_per_address integer default 2, -- at a time
    add column place_days integer not null default 30, -- life of a browser's place in the waitlist
    add constraint tenants_limits_of_holds_sane check (
        live_holds_per_resource between 1 and 100000 and live_holds_per_day between 1 and 100000
        and holds_per_hour between 1 and 100000 and free_lapses between 0 and 100000),
    add constraint tenants_limits_of_places_sane check (
        places_per_customer between 1 and 10000 and places_per_address between 1 and 100000
        and places_per_hour between 1 and 100000 and offers_per_address between 1 and 1000
        and place_days between 1 and 1095);

-- Whether a server said whose it is. Anybody can type an address; a server knows its customers.
alter table core.bookings add column vouched boolean not null default false;
alter table core.waitlist
    add column vouched boolean not null default false,
    add column override_reason text, -- why a server let it be in spite of a limit
    add column ends_at timestamptz not null default 'infinity', -- waited for no longer
    add constraint waitlist_override_reason_short check (length(override_reason) between 1 and 500);

-- Who asks again gets another place, as if the first were not there; they are offered one time once.
drop index core.waitlist_once_per_customer;
create unique index waitlist_once_per_customer on core.waitlist
    (tenant_id, resource_id, offering_id, customer_id, starts_at, on_date) nulls not distinct
    where state in ('waiting', 'offered') and vouched;
create index waitlist_served on core.waitlist (tenant_id, resource_id, customer_id, id)
    where state in ('offered', 'booked') and not vouched;

-- Each is read as a stretch that is bounded by all its columns.
drop index core.bookings_holds_by_address;
create index bookings_holds_by_address on core.bookings (tenant_id, address_hash, hold_expires_at)
    where address_hash is not null and hold_expires_at is not null;
create index bookings_made_by_address on core.bookings (tenant_id, address_hash, created_at)
    where address_hash is not null;
drop index core.bookings_holds_by_customer;
create index bookings_holds_by_customer on core.bookings (tenant_id, customer_id, hold_expires_at)
    where hold_expires_at is not null and vouched;
create index bookings_proved_by_customer on core.bookings (tenant_id, customer_id, created_at)
    where vouched or status in ('scheduled', 'active', 'ended', 'completed');
drop index core.waitlist_by_address;
create index waitlist_by_address on core.waitlist (tenant_id, address_hash, ends_at)
    where address_hash is not null and state = 'waiting';
create index waitlist_made_by_address on core.waitlist (tenant_id, address_hash, created_at)
    where address_hash is not null;
create index waitlist_offered_by_address on core.waitlist (tenant_id, address_hash, id)
    where address_hash is not null and state = 'offered';
drop index core.waitlist_by_customer;
create index waitlist_by_customer on core.waitlist (tenant_id, customer_id, ends_at)
    where state = 'waiting' and vouched;

alter table core.refunds
    drop constraint refunds_reason_known,
    add constraint refunds_reason_known check (reason in (
        'time_lost', 'released', 'amount_mismatch', 'duplicate_payment', 'price_difference',
        'customer_limit'));

-- What there is: defaults that nobody chose give way to the new ones; servers' bookings are those
-- whose audit trail begins with a secret key; a place without an address is a server's.
grant usage on schema core, audit to holdfast_system;
grant select, update on core.tenants, core.bookings, core.waitlist, core.resources to holdfast_system;
grant select on audit.booking_events to holdfast_system;
alter table core.bookings disable trigger user;
alter table core.waitlist disable trigger user;
set local role holdfast_system;
do $$
declare
    v_rows bigint;
    v_now timestamptz;
begin
    if exists (select from core.waitlist) then
        v_now := core.clock(); -- which is there where there are rows
    end if;
    update core.tenants set live_holds_per_customer = 52 where live_holds_per_customer = 10;
    get diagnostics v_rows = row_count;
    raise notice 'limit of servers'' holds renewed for % tenants', v_rows;
    update core.tenants set live_holds_per_address = 24 where live_holds_per_address = 50;
    get diagnostics v_rows = row_count;
    raise notice 'limit of browsers'' holds renewed for % tenants', v_rows;

    update core.bookings as b set vouched = true
    from audit.booking_events as e
    where e.tenant_id = b.tenant_id and e.booking_id = b.id and e.from_status is null
        and e.actor_role = 'secret';
    get diagnostics v_rows = row_count;
    raise notice 'made by servers: % bookings', v_rows;

    update core.waitlist as w
    set vouched = w.address_hash is null,
        ends_at = least(
            coalesce(w.starts_at, (w.on_date + 1)::timestamp at time zone r.timezone),
            case when w.address_hash is not null then v_now + interval '30 days' end)
    from core.resources as r
    where r.tenant_id = w.tenant_id and r.id = w.resource_id;
    get diagnostics v_rows = row_count;
    raise notice 'an end given to % places in the waitlist', v_rows;
end;
$$;
set local role holdfast_owner;
alter table core.bookings enable trigger user;
alter table core.waitlist enable trigger user;

-- Letters and pages --------------------------------------------------------------------------------

alter table core.tenants
    add column letters_per_unproved integer not null default 3, -- to one mailbox in 24 hours
    add column letters_per_proved integer not null default 30,
    add column page_url text, -- where letters lead to, ?key=… included; null: see letters.py
    add constraint tenants_letters_sane check (
        letters_per_unproved between 0 and 1000 and letters_per_proved between 0 and 1000),
    add constraint tenants_page_is_https check (
        length(page_url) <= 2000 and page_url ~ '^[^#@[:space:]]+$'
        and page_url ~ '^(https://[^/?]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)([/?]|$)');

-- When a letter was first handed out to be sent, and to which customer.
alter table core.effects
    add column customer_id uuid,
    add column sent_at timestamptz,
    add constraint effects_sent_to_a_customer check ((sent_at is null) = (customer_id is null));
create index effects_letters on core.effects (tenant_id, customer_id, sent_at) where sent_at is not null;

-- Payment pages and return addresses ---------------------------------------------------------------

-- Tenants that exist keep null, any address over https, so that their pages go on working; new ones
-- begin with none of their own.
alter table core.tenants
    add column return_origins text[], -- where a payment page that a browser asked for may lead
    add column delayed_methods text not null default 'servers', -- whose pages offer them
    add column delayed_method_days integer not null default 14, -- within which their result comes
    add column payment_pages_per_hold integer not null default 5,
    add constraint tenants_return_origins_are_origins check (
        pg_catalog.array_to_string(return_origins, ' ', '?') ~ ('^((https://[a-z0-9.-]+(:[0-9]{1,5})?'
            || '|http://(localhost|127\.0\.0\.1|\[::1\])(:([0-9]{1,5}|\*))?)( |$))*$')
        and pg_catalog.array_position(return_origins, '') is null),
    add constraint tenants_return_origins_few check (
        coalesce(pg_catalog.cardinality(return_origins), 0) <= 50),
    add constraint tenants_delayed_methods_known check (
        delayed_methods in ('never', 'servers', 'all')),
    add constraint tenants_delayed_method_days_sane check (delayed_method_days between 1 and 60),
    add constraint tenants_payment_pages_sane check (payment_pages_per_hold between 1 and 100);
alter table core.tenants alter column return_origins set default '{}';

-- How many payment pages were made for a hold, or for a change. Counted here, under the booking's lock.
alter table core.bookings add column payment_pages integer not null default 0;
alter table core.changes add column payment_pages integer not null default 0;

-- When Stripe was last asked about its session by somebody who polls.
alter table core.checkouts add column asked_at timestamptz;

-- Rates --------------------------------------------------------------------------------------------

-- How often one network address may ask, by class of request (holdfast/limits.py has the windows); a
-- key, or all browsers of a publishable one together, so many times as often.
alter table core.tenants
    add column rate_reads integer not null default 600, -- in a minute
    add column rate_holds integer not null default 60, -- in five minutes, as all that follow
    add column rate_waitlist integer not null default 30,
    add column rate_checkouts integer not null default 60,
    add column rate_writes integer not null default 120,
    add column rate_mailbox integer not null default 20, -- holds, or places, for one mailbox
    add column rate_key_factor integer not null default 100,
    -- hashed with what is counted, so that no address can be guessed from the counts
    add column rate_salt uuid not null default gen_random_uuid(),
    add constraint tenants_rates_sane check (
        least(rate_reads, rate_holds, rate_waitlist, rate_checkouts, rate_writes, rate_mailbox,
            rate_key_factor) >= 1
        and greatest(rate_reads, rate_holds, rate_waitlist, rate_checkouts, rate_writes,
            rate_mailbox) <= 1000000
        and rate_key_factor <= 10000);

-- What a sweep cannot do: passed over for a while, so that it stops no other row.
create table core.sweep_failures (
    tenant_id uuid not null,
    sweep text not null,
    row_id uuid not null,
    failures integer not null default 1,
    sqlstate text not null,
    retry_at timestamptz not null,
    updated_at timestamptz not null,
    constraint sweep_failures_pkey primary key (tenant_id, sweep, row_id),
    constraint sweep_failures_tenant_exists foreign key (tenant_id) references core.tenants (id),
    constraint sweep_failures_counted check (failures >= 1)
);
create index sweep_failures_due on core.sweep_failures (retry_at);
create index sweep_failures_by_age on core.sweep_failures (tenant_id, updated_at);

-- A tenant's turn in the sweep of calendars, and what is being read for it.
alter table core.calendars
    add column slow_readings integer not null default 0, -- in a row
    add column claimed_at timestamptz, -- by the sweep; null once something was heard of the reading
    add constraint calendars_slow_counted check (slow_readings >= 0);
create index calendars_by_turn on core.calendars (tenant_id, due_at, id);
create index calendars_claimed on core.calendars (tenant_id, claimed_at) where claimed_at is not null;

-- Bookings: references, locale, time zone, secrets -------------------------------------------------

-- What a person reads out on the phone: eight letters of Crockford's base 32, shown as K7QM-2F9D.
-- A trigger (bookings_050_reference) gives each new booking its own.
alter table core.bookings
    add column reference text,
    add column locale text, -- BCP 47: the customer's language, as the browser or the server said
    add column timezone text, -- IANA: the customer's own zone
    -- which of the keys in the booking secret the client secret was derived with
    add column secret_key_id text not null default '1';
alter table core.waitlist
    add column locale text,
    add column timezone text,
    add column secret_key_id text not null default '1';
alter table core.calendar_feeds
    add column secret_key_id text not null default '1';
alter type core.actor add attribute secret_key_id text; -- that a new secret was derived with

-- The rows that are there get theirs now. Their versions do not move: nothing changed for anybody.
grant usage on schema core to holdfast_system;
grant select, update on core.bookings to holdfast_system;
alter table core.bookings disable trigger user;
set local role holdfast_system;
do $$
declare
    v_filled bigint;
    v_again bigint;
begin
    update core.bookings as b
    set reference = pg_catalog.array_to_string(array(
        select pg_catalog.substr(
            '0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + pg_catalog.floor(pg_catalog.random() * 32)::integer, 1)
        from pg_catalog.generate_series(1, 8)
        where b.id is not null), ''); -- names the row, so that each row draws its own
    get diagnostics v_filled = row_count;
    loop -- until no two of a tenant drew the same
        update core.bookings as b
        set reference = pg_catalog.array_to_string(array(
            select pg_catalog.substr(
                '0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + pg_catalog.floor(pg_catalog.random() * 32)::integer, 1)
            from pg_catalog.generate_series(1, 8)
            where b.id is not null), '')
        from (
            select d.tenant_id, d.id,
                pg_catalog.row_number() over (partition by d.tenant_id, d.reference order by d.id) as nth
            from core.bookings as d) as drawn
        where drawn.nth > 1 and b.tenant_id = drawn.tenant_id and b.id = drawn.id;
        get diagnostics v_again = row_count;
        exit when v_again = 0;
    end loop;
    raise notice '% bookings have a reference now', v_filled;
end;
$$;
set local role holdfast_owner;
-- rows that were changed twice have checks waiting for the end, and no table can be altered until then
set constraints all immediate;
set constraints all deferred;
alter table core.bookings enable trigger user;
alter table core.bookings
    alter column reference set not null,
    add constraint bookings_reference_unique unique (reference, tenant_id), -- see the indexes at the end
    add constraint bookings_reference_is_base_32 check (reference ~ '^[0-9A-HJKMNP-TV-Z]{8}$'),
    add constraint bookings_locale_short check (length(locale) between 2 and 35),
    add constraint bookings_timezone_short check (length(timezone) between 1 and 64),
    add constraint bookings_secret_key_named check (secret_key_id ~ '^[A-Za-z0-9_-]{1,40}$');
alter table core.waitlist
    add constraint waitlist_locale_short check (length(locale) between 2 and 35),
    add constraint waitlist_timezone_short check (length(timezone) between 1 and 64),
    add constraint waitlist_secret_key_named check (secret_key_id ~ '^[A-Za-z0-9_-]{1,40}$');
alter table core.calendar_feeds
    add constraint calendar_feeds_secret_key_named check (secret_key_id ~ '^[A-Za-z0-9_-]{1,40}$');

-- A secret opens its booking until then, and nothing afterwards.
alter table core.tenants
    add column secret_days integer not null default 400, -- after the booking's end
    add constraint tenants_secret_days_sane check (secret_days between 30 and 3650);


-- Retention and erasure ----------------------------------------------------------------------------

-- How long what nobody needs any more is kept. The least is the law, not a recommendation: a delayed
-- payment may take two weeks, a client may repeat a request, Stripe repeats an event for days.
alter table core.tenants
    add column keep_unpaid_days integer not null default 30, -- bookings never paid, finished effects
    add column keep_requests_days integer not null default 30, -- idempotency keys
    add column keep_waitlist_days integer not null default 30, -- places that ended
    add column keep_events_days integer not null default 35, -- Stripe's events
    add constraint tenants_keeps_unpaid check (keep_unpaid_days between 30 and 3650),
    add constraint tenants_keeps_requests check (keep_requests_days between 30 and 3650),
    add constraint tenants_keeps_waitlist check (keep_waitlist_days between 30 and 3650),
    add constraint tenants_keeps_events check (keep_events_days between 35 and 3650);

-- What is left of bookings that were never paid, and of their history: how many, and why they ended.
create table audit.deleted_bookings (
    tenant_id uuid not null,
    ended_on date not null, -- UTC day on which they ended
    reason text not null, -- the last of their history
    bookings bigint not null,
    constraint deleted_bookings_counted check (bookings > 0)
);
alter table audit.deleted_bookings
    add constraint deleted_bookings_pkey primary key (tenant_id, ended_on, reason);

-- By which the sweep finds what is due, the oldest first.
create index bookings_never_paid on core.bookings (tenant_id, updated_at, id)
    where status = 'expired' and payment_status = 'unpaid' and position = 1;
create index waitlist_ended on core.waitlist (tenant_id, updated_at, id)
    where state not in ('waiting', 'offered');
create index idempotency_keys_by_age on core.idempotency_keys (tenant_id, created_at)
    where created_at is not null; -- see below
create index stripe_events_by_age on core.stripe_events (tenant_id, received_at)
    where received_at is not null;
create index effects_finished on core.effects (tenant_id, updated_at)
    where state = 'done' and kind in ('expire_session', 'notify_offer');

-- By which it finds what hangs on them; a foreign key looks there too when its row goes. A session that
-- planned while the tables were empty takes the newest index that fits, and each of these begins with the
-- tenant: so they are made anew, to be newer than the primary keys, and only fit a query that names the
-- column they are about ("is not null" holds for all rows).
create index bookings_by_customer on core.bookings (tenant_id, customer_id, id)
    where customer_id is not null;
create index waitlist_by_any_customer on core.waitlist (tenant_id, customer_id, id)
    where customer_id is not null;
create index payments_by_checkout on core.payments (tenant_id, checkout_id)
    where checkout_id is not null;
create index effects_by_checkout on core.effects (tenant_id, checkout_id)
    where checkout_id is not null;
create index idempotency_keys_by_result on core.idempotency_keys (tenant_id, result_id)
    where result_id is not null;
drop index core.checkouts_by_booking;
create index checkouts_by_booking on core.checkouts (tenant_id, booking_id) where booking_id is not null;
drop index core.payments_by_booking;
create index payments_by_booking on core.payments (tenant_id, booking_id) where booking_id is not null;
drop index core.refunds_by_booking;
create index refunds_by_booking on core.refunds (tenant_id, booking_id) where booking_id is not null;
drop index core.changes_by_booking;
create index changes_by_booking on core.changes (tenant_id, booking_id) where booking_id is not null;
drop index core.effects_by_booking;
create index effects_by_booking on core.effects (tenant_id, booking_id) where booking_id is not null;
drop index core.stripe_events_by_booking;
create index stripe_events_by_booking on core.stripe_events (tenant_id, booking_id)
    where booking_id is not null;
drop index core.waitlist_by_booking;
create index waitlist_by_booking on core.waitlist (tenant_id, booking_id) where booking_id is not null;
create index findings_by_booking on core.findings (booking_id) where booking_id is not null;
