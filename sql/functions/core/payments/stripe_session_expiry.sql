-- core.stripe_session_expiry: when a session that is made now can no longer be paid.
--
-- Stripe wants at least 30 minutes between making a session and its expiry; 31 leave room for a
-- slow call.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.stripe_session_expiry(p_at timestamptz)
returns timestamptz
language sql stable parallel safe
as $$
    select pg_catalog.date_trunc('second', p_at) + interval '31 minutes'
$$;
