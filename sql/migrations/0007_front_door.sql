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

-- Bookings: references, locale, time zone, secrets -------------------------------------------------

-- Retention and erasure ----------------------------------------------------------------------------
