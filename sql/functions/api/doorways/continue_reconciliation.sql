-- api.continue_reconciliation: api.next_reconciliation_page, by the name that the release before calls.
--
-- Locks     as api.next_reconciliation_page
-- Raises    as api.next_reconciliation_page
-- Backstop  as api.next_reconciliation_page
create or replace function api.continue_reconciliation(p_days integer)
returns jsonb
language sql volatile security definer
set search_path = ''
as $$
    select api.next_reconciliation_page(p_days)
$$;
