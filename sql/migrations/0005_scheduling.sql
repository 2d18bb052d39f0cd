-- Scheduling: seasons, overrides, blackouts, calendars; groups, pools, carts, changes, waitlist, caps.
--
-- A table's primary key is made after its other indexes, for the reason given in 0003.

-- What a tenant allows -----------------------------------------------------------------------------

alter table core.tenants
    add column hold_limit_minutes integer not null default 120, -- life of an unpaid hold, renewals included
    add column offer_minutes integer not null default 60, -- how long a waitlist offer keeps its time
    add column live_holds_per_customer integer not null default 10,
    add column live_holds_per_address integer not null default 50, -- of browsers; servers are not counted
    add constraint tenants_hold_limit_sane check (hold_limit_minutes between 40 and 1440),
    -- whoever asks for the payment page in the last minute of the hold gets one: see core.session_end
    add constraint tenants_hold_limit_leaves_room check (hold_limit_minutes >= hold_minutes + 36),
    add constraint tenants_offer_sane check (offer_minutes between 5 and 1440),
    add constraint tenants_live_holds_sane check (
        live_holds_per_customer between 1 and 10000 and live_holds_per_address between 1 and 100000);

-- Resources and offerings --------------------------------------------------------------------------

alter table core.resources
    add column daily_limit integer, -- live bookings that start on one local day
    add column customer_limit integer, -- live bookings of one customer that are not over
    add column calendar_policy text not null default 'refuse', -- when a calendar cannot be read in time
    add constraint resources_daily_limit_positive check (daily_limit between 1 and 100000),
    add constraint resources_customer_limit_positive check (customer_limit between 1 and 100000),
    add constraint resources_calendar_policy_known check (calendar_policy in ('refuse', 'accept'));

alter table core.offerings
    add column buffer_before_minutes integer, -- instead of the resource's, if given
    add column buffer_after_minutes integer,
    add column group_size integer, -- customers who share one unit and period; null: it is private
    add column free_cancel_hours integer not null default 24, -- before the start it was first booked for
    add constraint offerings_buffers_sane check (
        buffer_before_minutes between 0 and 1440 and buffer_after_minutes between 0 and 1440),
    add constraint offerings_group_size_sane check (group_size between 2 and 1000),
    add constraint offerings_free_cancel_sane check (free_cancel_hours between 0 and 8760);

-- Weekly windows, past midnight and by season ------------------------------------------------------

alter table core.weekly_hours
    add column valid_from date, -- first local day of the season; null: always was
    add column valid_until date, -- last local day of the season; null: no end
    add column version integer not null default 1,
    add column updated_at timestamptz,
    drop constraint weekly_hours_open_before_close,
    drop constraint weekly_hours_no_overlap,
    add constraint weekly_hours_not_empty check (opens <> closes and opens < '24:00'),
    add constraint weekly_hours_whole_minutes check (
        date_part('second', opens) = 0 and date_part('second', closes) = 0),
    add constraint weekly_hours_validity_ordered check (valid_from <= valid_until),
    -- the minutes of the week that a window covers; one that closes before it opens ends tomorrow
    add column minutes int4multirange not null generated always as (
        case
            when closes > opens then int4multirange(int4range(
                (weekday - 1) * 1440 + (date_part('epoch', opens) / 60)::integer,
                (weekday - 1) * 1440 + (date_part('epoch', closes) / 60)::integer))
            when weekday < 7 then int4multirange(int4range(
                (weekday - 1) * 1440 + (date_part('epoch', opens) / 60)::integer,
                weekday * 1440 + (date_part('epoch', closes) / 60)::integer))
            else int4multirange(
                int4range(8640 + (date_part('epoch', opens) / 60)::integer, 10080),
                int4range(0, (date_part('epoch', closes) / 60)::integer))
        end) stored,
    add column validity daterange not null generated always as (
        -- reversed, it is for weekly_hours_validity_ordered to refuse, which is asked later
        case when valid_from > valid_until then 'empty' else daterange(valid_from, valid_until, '[]') end
    ) stored,
    add constraint weekly_hours_no_overlap exclude using gist (
        tenant_id with =, resource_id with =, minutes with &&, validity with &&);

drop type core.timerange;

-- One local day that is unlike its weekday: closed, or open at other times. Its rows replace the
-- weekly windows that begin on that day.
create table core.date_overrides (
    tenant_id uuid not null,
    id uuid not null,
    resource_id uuid not null,
    on_date date not null,
    opens time, -- null with closes: closed all day
    closes time, -- not after opens: tomorrow
    reason text,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    minutes int4range not null generated always as (
        case
            when opens is null then int4range(0, 2880)
            else int4range(
                (date_part('epoch', opens) / 60)::integer,
                (date_part('epoch', closes) / 60)::integer
                    + case when closes > opens then 0 else 1440 end)
        end) stored,
    constraint date_overrides_resource_exists foreign key (tenant_id, resource_id)
        references core.resources (tenant_id, id),
    constraint date_overrides_both_or_none check ((opens is null) = (closes is null)),
    constraint date_overrides_not_empty check (opens <> closes and opens < '24:00'),
    constraint date_overrides_whole_minutes check (
        date_part('second', opens) = 0 and date_part('second', closes) = 0),
    constraint date_overrides_reason_short check (length(reason) between 1 and 200),
    constraint date_overrides_no_overlap exclude using gist (
        tenant_id with =, resource_id with =, on_date with =, minutes with &&)
);
create index date_overrides_by_resource on core.date_overrides (tenant_id, resource_id, on_date);
alter table core.date_overrides add constraint date_overrides_pkey primary key (tenant_id, id);

-- Time in which nothing can be booked anew, whatever the rules say.
create table core.blackouts (
    tenant_id uuid not null,
    id uuid not null,
    resource_id uuid not null,
    during tstzrange not null,
    reason text,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint blackouts_resource_exists foreign key (tenant_id, resource_id)
        references core.resources (tenant_id, id),
    constraint blackouts_during_bounded check (
        not isempty(during) and not lower_inf(during) and not upper_inf(during)
        and lower_inc(during) and not upper_inc(during)),
    constraint blackouts_reason_short check (length(reason) between 1 and 200)
);
create index blackouts_by_time on core.blackouts using gist (resource_id, during);
create index blackouts_by_resource on core.blackouts (tenant_id, resource_id, id);
alter table core.blackouts add constraint blackouts_pkey primary key (tenant_id, id);

-- Calendars kept elsewhere -------------------------------------------------------------------------

-- A feed that is read: its events are times in which the resource cannot be booked.
create table core.calendars (
    tenant_id uuid not null,
    id uuid not null,
    resource_id uuid not null,
    name text not null,
    url text not null, -- secret: whoever has it reads the calendar
    fresh_seconds integer not null default 300, -- older than this, it is read again before a hold
    etag text, -- validators of the last answer, for the next request
    last_modified text,
    read_at timestamptz, -- its events are known as they were then: when the last good reading began
    busy_until timestamptz, -- they are known up to here
    due_at timestamptz not null, -- when the sweep reads it next
    failure text, -- why the last attempt failed; null when it did not
    failures integer not null default 0, -- in a row
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint calendars_resource_exists foreign key (tenant_id, resource_id)
        references core.resources (tenant_id, id),
    constraint calendars_name_present check (length(name) between 1 and 200),
    constraint calendars_url_is_https check (url ~ '^https://' and length(url) <= 2000),
    constraint calendars_id_unique unique (id),
    constraint calendars_fresh_sane check (fresh_seconds between 30 and 86400),
    constraint calendars_read_is_bounded check ((read_at is null) = (busy_until is null))
);
create index calendars_by_resource on core.calendars (tenant_id, resource_id);
create index calendars_due on core.calendars (due_at);
create index calendars_failing on core.calendars (failures) where failures >= 5;
alter table core.calendars add constraint calendars_pkey primary key (tenant_id, id);

create table core.external_busy (
    tenant_id uuid not null,
    calendar_id uuid not null,
    resource_id uuid not null,
    during tstzrange not null,
    constraint external_busy_calendar_exists foreign key (tenant_id, calendar_id)
        references core.calendars (tenant_id, id) on delete cascade,
    constraint external_busy_during_bounded check (
        not isempty(during) and not lower_inf(during) and not upper_inf(during))
);
create index external_busy_by_time on core.external_busy using gist (resource_id, during);
alter table core.external_busy
    add constraint external_busy_pkey primary key (tenant_id, calendar_id, during);

-- A feed that is given: a resource's bookings for whoever has the secret address.
create table core.calendar_feeds (
    tenant_id uuid not null,
    id uuid not null,
    resource_id uuid not null,
    token_hash bytea not null, -- SHA-256 of the address's secret part
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint calendar_feeds_resource_exists foreign key (tenant_id, resource_id)
        references core.resources (tenant_id, id),
    constraint calendar_feeds_token_unique unique (token_hash),
    constraint calendar_feeds_token_is_sha256 check (octet_length(token_hash) = 32)
);
create index calendar_feeds_by_resource on core.calendar_feeds (tenant_id, resource_id);
alter table core.calendar_feeds add constraint calendar_feeds_pkey primary key (tenant_id, id);

-- Pools --------------------------------------------------------------------------------------------

-- Any of these resources will do.
create table core.pools (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    constraint pools_tenant_exists foreign key (tenant_id) references core.tenants (id),
    constraint pools_name_present check (length(name) between 1 and 200)
);
alter table core.pools add constraint pools_pkey primary key (tenant_id, id);

create table core.pool_resources (
    tenant_id uuid not null,
    pool_id uuid not null,
    resource_id uuid not null,
    constraint pool_resources_pool_exists foreign key (tenant_id, pool_id)
        references core.pools (tenant_id, id),
    constraint pool_resources_resource_exists foreign key (tenant_id, resource_id)
        references core.resources (tenant_id, id)
);
create index pool_resources_by_resource on core.pool_resources (tenant_id, resource_id);
alter table core.pool_resources
    add constraint pool_resources_pkey primary key (tenant_id, pool_id, resource_id);

-- Bookings -----------------------------------------------------------------------------------------

alter table core.bookings
    add column cart_id uuid, -- the cart's first booking, which carries its money; null: not in a cart
    add column position smallint not null default 1, -- in the cart
    add column pool_id uuid, -- the pool that picked the resource
    add column free_cancel_until timestamptz, -- frozen when it was made; a new time does not move it
    add column hold_limit_at timestamptz, -- however often it is renewed, the hold ends then
    add column address_hash bytea, -- keyed hash of the network address that asked; servers have none
    add column calendar_unchecked boolean not null default false, -- taken without a fresh calendar
    add constraint bookings_cart_exists foreign key (tenant_id, cart_id)
        references core.bookings (tenant_id, id)
        deferrable initially deferred, -- the periods of a cart are not taken in their order
    add constraint bookings_pool_exists foreign key (tenant_id, pool_id)
        references core.pools (tenant_id, id),
    add constraint bookings_position_counts check (
        position between 1 and 100 and (position = 1 or cart_id is not null)),
    add constraint bookings_first_carries_the_cart check (
        cart_id is null or (cart_id = id) = (position = 1));

-- One person's mailbox: tags after a plus reach the same one.
alter table core.customers
    add column mailbox text not null generated always as (
        regexp_replace(email, '\+[^@]*@', '@')) stored;
create index customers_by_mailbox on core.customers (tenant_id, mailbox);

-- One period that a hold wants, with all that the catalogue says of it.
create type core.wanted as (
    position smallint, -- in the cart, from 1
    item smallint, -- of the request, from 1; a series is one item
    pool_id uuid, -- of which the resource is one
    resource core.resources,
    offering core.offerings,
    price core.prices,
    asked_at timestamptz, -- the start that was asked for; null for a whole date
    booked_on date,
    period tstzrange, -- null when the resource is booked the other way
    during tstzrange -- the period widened by the buffers
);

create index bookings_live_by_customer on core.bookings (tenant_id, customer_id, resource_id)
    where status in ('held', 'paying', 'requested', 'scheduled', 'active');
create index bookings_by_cart on core.bookings (tenant_id, cart_id, position) where cart_id is not null;
create index bookings_holds_by_customer on core.bookings (tenant_id, customer_id)
    where hold_expires_at is not null;
create index bookings_holds_by_address on core.bookings (tenant_id, address_hash)
    where address_hash is not null and hold_expires_at is not null;

-- Who shares a unit: a session is the bookings of one group offering in one unit and period, or one
-- private booking. Sessions never overlap in a unit; within one, everybody has a seat of their own.
alter table core.occupancies
    add column part smallint not null default 1, -- 2: the new time of a change that waits for its payment
    add column session_id uuid not null,
    add column seat integer not null default 1,
    add column offering_id uuid, -- of a group; null: private
    drop constraint occupancies_pkey,
    drop constraint occupancies_no_overlap,
    add constraint occupancies_part_known check (part in (1, 2)),
    add constraint occupancies_seat_positive check (seat >= 1),
    add constraint occupancies_private_is_alone check (offering_id is not null or session_id = booking_id),
    add constraint occupancies_seat_once unique (session_id, seat),
    add constraint occupancies_no_overlap exclude using gist (
        resource_id with =, unit with =, during with &&, session_id with <>);
alter table core.occupancies
    add constraint occupancies_pkey primary key (tenant_id, booking_id, part);

-- Changes ------------------------------------------------------------------------------------------

-- A booking's move to another time. One that costs more waits, with both times taken, until the
-- difference is paid.
create table core.changes (
    tenant_id uuid not null,
    id uuid not null,
    booking_id uuid not null,
    state text not null,
    resource_id uuid not null, -- the new place, time and price
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    booked_on date,
    buffer_before_minutes integer not null,
    buffer_after_minutes integer not null,
    amount bigint not null, -- the whole new price, minor units
    difference bigint not null, -- to what was paid: positive is to be paid, negative is given back
    currency text not null,
    calendar_unchecked boolean not null, -- taken without a fresh calendar
    from_resource_id uuid not null, -- where it was, for the record
    from_starts_at timestamptz not null,
    from_ends_at timestamptz not null,
    expires_at timestamptz, -- of a pending one: the new time is free again then, if nothing can be paid
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint changes_booking_exists foreign key (tenant_id, booking_id)
        references core.bookings (tenant_id, id),
    constraint changes_resource_exists foreign key (tenant_id, resource_id)
        references core.resources (tenant_id, id),
    constraint changes_id_unique unique (id),
    constraint changes_state_known check (state in ('pending', 'applied', 'expired')),
    constraint changes_pending_has_deadline check ((state = 'pending') = (expires_at is not null)),
    constraint changes_period_ordered check (starts_at < ends_at),
    constraint changes_amount_in_range check (amount between 50 and 99999999),
    constraint changes_currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$')
);
create index changes_by_booking on core.changes (tenant_id, booking_id);
create unique index changes_one_pending on core.changes (tenant_id, booking_id) where state = 'pending';
create index changes_deadline on core.changes (expires_at) where expires_at is not null;
alter table core.changes add constraint changes_pkey primary key (tenant_id, id);

alter table core.checkouts
    add column change_id uuid, -- the change whose difference it asks for; null: the booking itself
    add constraint checkouts_change_exists foreign key (tenant_id, change_id)
        references core.changes (tenant_id, id);
create index checkouts_by_change on core.checkouts (tenant_id, change_id) where change_id is not null;

alter table core.refunds
    drop constraint refunds_reason_known,
    add constraint refunds_reason_known check (reason in (
        'time_lost', 'released', 'amount_mismatch', 'duplicate_payment', 'price_difference'));

-- Waitlist -----------------------------------------------------------------------------------------

create table core.waitlist (
    tenant_id uuid not null,
    id uuid not null,
    resource_id uuid not null,
    offering_id uuid not null,
    tier text not null,
    package text not null,
    starts_at timestamptz, -- this very period
    on_date date, -- or any period of this local day
    customer_id uuid not null,
    customer_name text not null,
    customer_phone text,
    state text not null default 'waiting',
    booking_id uuid, -- the offer: a hold that waits for its customer
    client_secret_hash bytea not null, -- SHA-256 of the secret that opens this place in the queue
    address_hash bytea, -- as on a booking; a place in line counts as a hold does
    looked_at timestamptz, -- when the sweep last looked whether its time is free
    version integer not null default 1,
    created_at timestamptz not null, -- first come, first served
    updated_at timestamptz not null,
    constraint waitlist_resource_has_offering foreign key (tenant_id, resource_id, offering_id)
        references core.resource_offerings (tenant_id, resource_id, offering_id),
    constraint waitlist_package_of_tier foreign key (tenant_id, offering_id, tier, package)
        references core.packages (tenant_id, offering_id, tier, package),
    constraint waitlist_customer_exists foreign key (tenant_id, customer_id)
        references core.customers (tenant_id, id),
    constraint waitlist_booking_exists foreign key (tenant_id, booking_id)
        references core.bookings (tenant_id, id),
    constraint waitlist_id_unique unique (id),
    constraint waitlist_one_wish check ((starts_at is null) <> (on_date is null)),
    -- waiting → offered → booked, or lapsed when the offer ran out; left: the customer went
    constraint waitlist_state_known check (state in ('waiting', 'offered', 'booked', 'lapsed', 'left')),
    constraint waitlist_offer_has_booking check (state not in ('offered', 'booked') or booking_id is not null),
    constraint waitlist_secret_is_sha256 check (octet_length(client_secret_hash) = 32)
);
create index waitlist_by_resource on core.waitlist (tenant_id, resource_id, created_at, id)
    where state = 'waiting';
create index waitlist_due on core.waitlist (looked_at nulls first, id) where state = 'waiting';
create index waitlist_by_customer on core.waitlist (tenant_id, customer_id) where state = 'waiting';
create index waitlist_by_address on core.waitlist (tenant_id, address_hash)
    where state = 'waiting' and address_hash is not null;
create unique index waitlist_once_per_customer on core.waitlist
    (tenant_id, resource_id, offering_id, customer_id, starts_at, on_date) nulls not distinct
    where state in ('waiting', 'offered');
create index waitlist_by_booking on core.waitlist (tenant_id, booking_id) where booking_id is not null;
alter table core.waitlist add constraint waitlist_pkey primary key (tenant_id, id);

-- What else is done outside, and which requests have keys -----------------------------------------------

alter table core.effects
    drop constraint effects_kind_known,
    add constraint effects_kind_known check (kind in ('expire_session', 'refund_payment', 'notify_offer'));

alter table core.idempotency_keys
    drop constraint idempotency_keys_operation_known,
    add constraint idempotency_keys_operation_named check (operation ~ '^[a-z_]{1,60}$');
