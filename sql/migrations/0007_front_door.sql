-- The front door: whose a key is, what a charge may be, what a tenant allows, and what ends.
--
-- The runner acts as holdfast_owner, to whom forced row-level security shows no rows: what changes
-- rows here runs as holdfast_system, with the triggers of those rows off, and says how many it changed.

-- Keys and repeats ---------------------------------------------------------------------------------

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

-- Letters and pages --------------------------------------------------------------------------------

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

-- Bookings: references, locale, time zone, secrets -------------------------------------------------

-- Retention and erasure ----------------------------------------------------------------------------
