-- core.counted_customer: whose limit of a resource this request is judged by, or null.
--
-- Null for a browser, which may type any address: it would learn whether that mailbox has booked here,
-- and could use up its limit. Such a booking is counted once it is paid: see
-- core.exceeds_customer_limit.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.counted_customer(
    p_actor core.actor, p_request jsonb, p_customer_id uuid)
returns uuid
language sql stable parallel safe
as $$
    select case when (p_actor).side = 'server' and not core.overrides(p_request, 'customer_limit')
        then p_customer_id end
$$;
