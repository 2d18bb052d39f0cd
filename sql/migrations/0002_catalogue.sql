-- What can be booked: resources, offerings, prices, opening hours.

-- Wall-clock times of one day, so that overlapping windows can be excluded.
create type core.timerange as range (subtype = time);

create table core.currencies (
    code text not null, -- ISO 4217
    minor_digits smallint not null, -- digits of the minor unit at Stripe: 2 for EUR, 0 for JPY
    constraint currencies_pkey primary key (code),
    constraint currencies_code_is_iso_4217 check (code ~ '^[A-Z]{3}$'),
    constraint currencies_minor_digits_known check (minor_digits in (0, 2))
);

insert into core.currencies (code, minor_digits) values
    ('AED', 2), ('AUD', 2), ('BGN', 2), ('BRL', 2), ('CAD', 2), ('CHF', 2), ('CZK', 2), ('DKK', 2),
    ('EUR', 2), ('GBP', 2), ('HKD', 2), ('ILS', 2), ('INR', 2), ('JPY', 0), ('KRW', 0), ('MXN', 2),
    ('MYR', 2), ('NOK', 2), ('NZD', 2), ('PHP', 2), ('PLN', 2), ('RON', 2), ('SAR', 2), ('SEK', 2),
    ('SGD', 2), ('THB', 2), ('TRY', 2), ('USD', 2), ('VND', 0), ('ZAR', 2);

create table core.resources (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    timezone text not null, -- IANA name; opening hours and dates are local to it
    booking_mode text not null default 'slot',
    confirmation text not null default 'instant',
    capacity integer not null default 1, -- units that can be booked at the same time
    buffer_before_minutes integer not null default 0,
    buffer_after_minutes integer not null default 0,
    step_minutes integer not null default 30, -- starts lie on this grid, counted from each opening
    notice_minutes integer not null default 0, -- shortest time between now and a start
    horizon_days integer not null default 90, -- furthest start from now
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    constraint resources_pkey primary key (tenant_id, id),
    constraint resources_mode_unique unique (tenant_id, id, booking_mode),
    constraint resources_tenant_exists foreign key (tenant_id) references core.tenants (id),
    constraint resources_name_present check (length(name) between 1 and 200),
    constraint resources_booking_mode_known check (booking_mode in ('slot', 'date')),
    constraint resources_confirmation_known check (confirmation in ('instant', 'by_request')),
    constraint resources_capacity_positive check (capacity between 1 and 1000),
    constraint resources_buffers_sane check (
        buffer_before_minutes between 0 and 1440 and buffer_after_minutes between 0 and 1440),
    constraint resources_step_sane check (step_minutes between 5 and 1440),
    constraint resources_notice_sane check (notice_minutes between 0 and 525600),
    constraint resources_horizon_sane check (horizon_days between 1 and 1095)
);

create table core.offerings (
    tenant_id uuid not null,
    id uuid not null,
    name text not null,
    booking_mode text not null default 'slot',
    duration_minutes integer, -- of a slot; a whole date is as long as that date is
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    constraint offerings_pkey primary key (tenant_id, id),
    constraint offerings_mode_unique unique (tenant_id, id, booking_mode),
    constraint offerings_tenant_exists foreign key (tenant_id) references core.tenants (id),
    constraint offerings_name_present check (length(name) between 1 and 200),
    constraint offerings_booking_mode_known check (booking_mode in ('slot', 'date')),
    constraint offerings_slot_has_duration check ((booking_mode = 'slot') = (duration_minutes is not null)),
    constraint offerings_duration_sane check (duration_minutes between 5 and 10080)
);

-- Which offerings a resource has; both sides must be booked the same way.
create table core.resource_offerings (
    tenant_id uuid not null,
    resource_id uuid not null,
    offering_id uuid not null,
    booking_mode text not null,
    constraint resource_offerings_pkey primary key (tenant_id, resource_id, offering_id),
    constraint resource_offerings_resource_mode foreign key (tenant_id, resource_id, booking_mode)
        references core.resources (tenant_id, id, booking_mode),
    constraint resource_offerings_offering_mode foreign key (tenant_id, offering_id, booking_mode)
        references core.offerings (tenant_id, id, booking_mode)
);

create table core.tiers (
    tenant_id uuid not null,
    offering_id uuid not null,
    tier text not null,
    constraint tiers_pkey primary key (tenant_id, offering_id, tier),
    constraint tiers_offering_exists foreign key (tenant_id, offering_id)
        references core.offerings (tenant_id, id),
    constraint tiers_name_is_a_slug check (tier ~ '^[a-z][a-z0-9_]{0,39}$')
);

create table core.packages (
    tenant_id uuid not null,
    offering_id uuid not null,
    tier text not null,
    package text not null,
    constraint packages_pkey primary key (tenant_id, offering_id, tier, package),
    constraint packages_tier_exists foreign key (tenant_id, offering_id, tier)
        references core.tiers (tenant_id, offering_id, tier),
    constraint packages_name_is_a_slug check (package ~ '^[a-z][a-z0-9_]{0,39}$')
);

-- The only price there is. It exists only for a tier and package that belong together.
create table core.prices (
    tenant_id uuid not null,
    offering_id uuid not null,
    tier text not null,
    package text not null,
    amount bigint not null, -- minor units
    currency text not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint prices_pkey primary key (tenant_id, offering_id, tier, package),
    constraint prices_package_of_tier foreign key (tenant_id, offering_id, tier, package)
        references core.packages (tenant_id, offering_id, tier, package),
    constraint prices_currency_known foreign key (currency) references core.currencies (code),
    constraint prices_amount_in_range check (amount between 50 and 99999999)
);

create table core.weekly_hours (
    tenant_id uuid not null,
    id uuid not null,
    resource_id uuid not null,
    weekday smallint not null, -- ISO: Monday 1 … Sunday 7, in the resource's zone
    opens time not null,
    closes time not null, -- up to 24:00
    created_at timestamptz not null,
    constraint weekly_hours_pkey primary key (tenant_id, id),
    constraint weekly_hours_resource_exists foreign key (tenant_id, resource_id)
        references core.resources (tenant_id, id),
    constraint weekly_hours_weekday_is_iso check (weekday between 1 and 7),
    constraint weekly_hours_open_before_close check (opens < closes),
    constraint weekly_hours_no_overlap exclude using gist (
        tenant_id with =, resource_id with =, weekday with =, core.timerange(opens, closes) with &&)
);

create index weekly_hours_by_resource on core.weekly_hours (tenant_id, resource_id);
