-- The front door: whose a key is, what a charge may be, what a tenant allows, and what ends.
--
-- The runner acts as holdfast_owner, to whom forced row-level security shows no rows: what changes
-- rows here runs as holdfast_system, with the triggers of those rows off, and says how many it changed.

-- Keys and repeats ---------------------------------------------------------------------------------

-- Currencies ---------------------------------------------------------------------------------------

-- Limits and waitlist ------------------------------------------------------------------------------

-- Letters and pages --------------------------------------------------------------------------------

-- Payment pages and return addresses ---------------------------------------------------------------

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

-- A tenant's turn in the sweep of calendars, and what is being read for it.
alter table core.calendars
    add column slow_readings integer not null default 0, -- in a row
    add column claimed_at timestamptz, -- by the sweep; null once something was heard of the reading
    add constraint calendars_slow_counted check (slow_readings >= 0);
create index calendars_by_turn on core.calendars (tenant_id, due_at, id);
create index calendars_claimed on core.calendars (tenant_id, claimed_at) where claimed_at is not null;

-- Bookings: references, locale, time zone, secrets -------------------------------------------------

-- Retention and erasure ----------------------------------------------------------------------------
