-- core.last_page: until when a payment page can be made for a time that begins then: early enough
-- to be paid.
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
