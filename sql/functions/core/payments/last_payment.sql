-- core.last_payment: when the payment page of what begins then is closed, at the latest.
--
-- A payment that is taken in once the time has begun goes back. So the page is closed two minutes
-- before: sweep and outbox come once a minute each, and an answer that is on its way gets there.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.last_payment(p_starts_at timestamptz)
returns timestamptz
language sql immutable parallel safe
as $$
    select p_starts_at - interval '2 minutes'
$$;
