-- core.clearing_line: what the tenant has at Stripe becomes more, or less.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.clearing_line(p_amount bigint)
returns core.ledger_line
language sql immutable parallel safe
as $$
    select ('clearing', '00000000-0000-0000-0000-000000000000', p_amount)::core.ledger_line
$$;
