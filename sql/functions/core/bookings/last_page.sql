-- core.last_page: until when a payment page is made for what begins then: early enough before
-- its last payment that there is time to pay.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.last_page(p_starts_at timestamptz)
returns timestamptz
language sql immutable parallel safe
as $$
    select p_starts_at - interval '5 minutes'
$$;
