-- Opening hours as instants, and what can be booked, compiled from the rules.
--
-- Copies, and nothing else: whatever changes a rule compiles them again in its own transaction
-- (triggers/openings_follow_rules.sql), and 0011_openings.after.sql compiles them for the rows that
-- exist. Whoever asks for a time that is not compiled computes it, and writes nothing.

-- One window of one local day; of a resource that is booked by date, that whole date. What a row says
-- depends on the windows around it alone, not on how much else is compiled.
create table core.openings (
    tenant_id uuid not null,
    resource_id uuid not null,
    opens_at timestamptz not null, -- starts are counted from here
    closes_at timestamptz not null,
    open_until timestamptz not null, -- open without a break, over windows that meet; a week more at most
    on_day date not null, -- the local day on which it begins
    constraint openings_pkey primary key (tenant_id, resource_id, opens_at, closes_at),
    constraint openings_ordered check (opens_at < closes_at and closes_at <= open_until)
);

-- Of which time the openings of a resource are compiled: all that open before opened_until and close
-- after opened_from. Its row is locked by whoever compiles. No row: nothing is compiled.
create table core.timetables (
    tenant_id uuid not null,
    resource_id uuid not null,
    opened_from timestamptz not null,
    opened_until timestamptz not null,
    overlapping boolean not null, -- whether any two openings overlap, so that starts may be met twice
    compiled_at timestamptz not null,
    constraint timetables_pkey primary key (tenant_id, resource_id)
);

-- What a hold asks of the catalogue: a row for each price of each resource that can be booked. A
-- tenant's settings are not here: each change of one would touch every row.
create table core.bookables (
    tenant_id uuid not null,
    resource_id uuid not null,
    offering_id uuid not null,
    tier text not null,
    package text not null,
    timezone text not null,
    booking_mode text not null,
    confirmation text not null,
    capacity integer not null,
    step_minutes integer not null,
    notice_minutes integer not null,
    horizon_days integer not null,
    daily_limit integer,
    customer_limit integer,
    calendar_policy text not null,
    duration_minutes integer, -- null: whole dates
    group_size integer,
    buffer_before_minutes integer not null, -- the offering's, else the resource's
    buffer_after_minutes integer not null,
    free_cancel_hours integer not null,
    amount bigint not null,
    currency text not null,
    chargeable boolean not null, -- false: below the least charge, or between two steps
    closures boolean not null, -- whether it has blackouts or calendars, so that core.blocked_ranges is worth asking
    constraint bookables_pkey primary key (tenant_id, resource_id, offering_id, tier, package)
);
