-- The front door: whose a key is, what a charge may be, what a tenant allows, and what ends.
--
-- The runner acts as holdfast_owner, to whom forced row-level security shows no rows: what changes
-- rows here runs as holdfast_system, with the triggers of those rows off, and says how many it changed.

-- Keys and repeats ---------------------------------------------------------------------------------

-- Currencies ---------------------------------------------------------------------------------------

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

-- Rates --------------------------------------------------------------------------------------------

-- Bookings: references, locale, time zone, secrets -------------------------------------------------

-- Retention and erasure ----------------------------------------------------------------------------
