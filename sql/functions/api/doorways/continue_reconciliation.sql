-- api.continue_reconciliation: api.next_reconciliation_page, under the name that the previous
-- release calls.
--
-- Locks     as api.next_reconciliation_page
-- Raises    as api.next_reconciliation_page
-- Backstop  as api.next_reconciliation_page
create or replace function api.continue_reconciliation(p_days integer)
returns jsonb
language sql volatile security definer
as $$
    select api.next_reconciliation_page(p_days)
$$;
