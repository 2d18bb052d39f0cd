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

-- Bookings: references, locale, time zone, secrets -------------------------------------------------

-- Retention and erasure ----------------------------------------------------------------------------
