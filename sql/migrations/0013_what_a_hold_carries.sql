-- A period that is wanted carries what a hold needs as one row of core.bookables; the resource and
-- the offering themselves are looked up where a refusal wants more of them.
alter type core.requested_period drop attribute resource;
alter type core.requested_period drop attribute offering;
