-- core.last_payment: when the payment page of a time that begins then is closed, at the latest.
--
-- A payment that is settled once the time has begun is refunded. So the page is closed two minutes
-- before: sweep and outbox run once a minute each, and answers under way still arrive.
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
