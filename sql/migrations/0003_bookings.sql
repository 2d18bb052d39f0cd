-- Bookings, and the one table that says who owns which time.
--
-- A table's primary key is made after its other indexes. While a table is empty all indexes that start
-- with the tenant cost the same, and the planner takes the newest; a connection keeps that plan for as
-- long as nobody has analysed the table.

create table core.customers (
    tenant_id uuid not null,
    id uuid not null,
    email text not null,
    name text not null,
    phone text, -- E.164
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint customers_tenant_exists foreign key (tenant_id) references core.tenants (id),
    constraint customers_email_unique unique (tenant_id, email),
    constraint customers_email_normalised check (email = lower(email) and length(email) between 3 and 254),
    constraint customers_name_present check (length(name) between 1 and 200),
    constraint customers_phone_is_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$')
);
alter table core.customers add constraint customers_pkey primary key (tenant_id, id);

create table core.bookings (
    tenant_id uuid not null,
    id uuid not null,
    resource_id uuid not null,
    offering_id uuid not null,
    tier text not null,
    package text not null,
    customer_id uuid not null,
    customer_name text not null, -- as given for this booking
    customer_phone text,
    notes text,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    booked_on date, -- a whole-date booking's date in the resource's zone
    buffer_before_minutes integer not null, -- frozen when the hold was made
    buffer_after_minutes integer not null,
    amount bigint not null, -- frozen price, minor units
    currency text not null,
    rate_locked_at timestamptz not null,
    status text not null,
    payment_status text not null default 'unpaid',
    outcome text not null default 'none',
    dispute_status text not null default 'none',
    hold_expires_at timestamptz, -- a held time is free again then; a paying one is looked at again
    client_secret_hash bytea not null, -- SHA-256 of the secret that opens this one booking
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint bookings_resource_has_offering foreign key (tenant_id, resource_id, offering_id)
        references core.resource_offerings (tenant_id, resource_id, offering_id),
    constraint bookings_package_of_tier foreign key (tenant_id, offering_id, tier, package)
        references core.packages (tenant_id, offering_id, tier, package),
    constraint bookings_customer_exists foreign key (tenant_id, customer_id)
        references core.customers (tenant_id, id),
    constraint bookings_period_ordered check (starts_at < ends_at),
    constraint bookings_period_finite check (isfinite(starts_at) and isfinite(ends_at)),
    constraint bookings_buffers_sane check (
        buffer_before_minutes between 0 and 1440 and buffer_after_minutes between 0 and 1440),
    constraint bookings_amount_in_range check (amount between 50 and 99999999),
    constraint bookings_currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$'),
    constraint bookings_status_known check (status in (
        'held', 'paying', 'requested', 'scheduled', 'active', 'ended', 'completed',
        'expired', 'cancelled', 'declined')),
    constraint bookings_payment_status_known check (payment_status in (
        'unpaid', 'authorized', 'paid', 'partially_refunded', 'refunded', 'voided')),
    constraint bookings_outcome_known check (outcome in (
        'none', 'completed', 'customer_no_show', 'provider_no_show', 'not_held')),
    constraint bookings_dispute_status_known check (dispute_status in (
        'none', 'open', 'upheld', 'refunded')),
    constraint bookings_hold_has_deadline check (
        (status in ('held', 'paying')) = (hold_expires_at is not null)),
    constraint bookings_scheduled_is_paid check (
        status not in ('scheduled', 'active') or payment_status in ('paid', 'partially_refunded')),
    constraint bookings_secret_is_sha256 check (octet_length(client_secret_hash) = 32),
    constraint bookings_customer_name_present check (length(customer_name) between 1 and 200),
    constraint bookings_notes_short check (length(notes) <= 2000),
    constraint bookings_version_positive check (version >= 1)
);

create index bookings_by_start on core.bookings (tenant_id, starts_at, id);
create index bookings_by_resource on core.bookings (tenant_id, resource_id, starts_at, id);
create index bookings_deadline on core.bookings (hold_expires_at) where hold_expires_at is not null;
alter table core.bookings add constraint bookings_pkey primary key (tenant_id, id);

-- A booking has a row here exactly while it is live. Capacity n is units 1 … n.
create table core.occupancies (
    tenant_id uuid not null,
    booking_id uuid not null,
    resource_id uuid not null,
    unit integer not null,
    during tstzrange not null, -- the period widened by the frozen buffers, [)
    constraint occupancies_booking_exists foreign key (tenant_id, booking_id)
        references core.bookings (tenant_id, id),
    constraint occupancies_unit_positive check (unit >= 1),
    constraint occupancies_during_bounded check (
        not isempty(during) and not lower_inf(during) and not upper_inf(during)
        and lower_inc(during) and not upper_inc(during)),
    constraint occupancies_no_overlap exclude using gist (
        resource_id with =, unit with =, during with &&)
);
alter table core.occupancies add constraint occupancies_pkey primary key (tenant_id, booking_id);

-- Which status may follow which, and why one would.
create table core.transitions (
    from_status text not null,
    to_status text not null,
    meaning text not null
);
alter table core.transitions add constraint transitions_pkey primary key (from_status, to_status);

insert into core.transitions (from_status, to_status, meaning) values
    ('held', 'paying', 'checkout begun'),
    ('held', 'expired', 'released, or its deadline passed'),
    ('paying', 'requested', 'card authorised, the provider is asked'),
    ('paying', 'scheduled', 'paid'),
    ('paying', 'expired', 'no checkout of it can be paid any more'),
    ('requested', 'scheduled', 'accepted by the provider'),
    ('requested', 'declined', 'declined by the provider'),
    ('requested', 'expired', 'not answered in time'),
    ('requested', 'cancelled', 'withdrawn'),
    ('scheduled', 'active', 'session started'),
    ('scheduled', 'ended', 'session over'),
    ('scheduled', 'cancelled', 'cancelled'),
    ('active', 'ended', 'session over'),
    ('active', 'cancelled', 'cancelled while running'),
    ('ended', 'completed', 'confirmed'),
    ('expired', 'scheduled', 'paid late, and the time was still free');

-- The fence behind the front door: one key of one client has one effect.
create table core.idempotency_keys (
    tenant_id uuid not null,
    operation text not null,
    key text not null,
    fingerprint bytea not null, -- SHA-256 of the whole request: resource, period and payer included
    result_id uuid not null, -- the booking or checkout that the first call made
    created_at timestamptz not null,
    constraint idempotency_keys_operation_known check (operation in ('create_hold', 'begin_checkout')),
    constraint idempotency_keys_key_sane check (key ~ '^[\x21-\x7e]{1,255}$'),
    constraint idempotency_keys_fingerprint_is_sha256 check (octet_length(fingerprint) = 32)
);
alter table core.idempotency_keys add constraint idempotency_keys_pkey primary key (tenant_id, operation, key);

create table audit.booking_events (
    id bigint generated always as identity,
    tenant_id uuid not null,
    booking_id uuid not null,
    at timestamptz not null,
    version integer not null,
    from_status text, -- null when the booking was made
    to_status text not null,
    from_payment_status text,
    to_payment_status text not null,
    actor_role text not null,
    actor_key_id uuid,
    reason text not null,
    request_id text,
    constraint booking_events_once_per_version unique (tenant_id, booking_id, version)
);
alter table audit.booking_events add constraint booking_events_pkey primary key (id);
