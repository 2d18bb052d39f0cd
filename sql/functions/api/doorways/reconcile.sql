-- api.reconcile: api.submit_reconciliation_page, by the name that the release before calls.
--
-- Locks     as api.submit_reconciliation_page
-- Raises    as api.submit_reconciliation_page
-- Backstop  as api.submit_reconciliation_page
create or replace function api.reconcile(p_step jsonb, p_seen jsonb, p_tried jsonb)
returns jsonb
language sql volatile security definer
set search_path = ''
as $$
    select api.submit_reconciliation_page(p_step, p_seen, p_tried)
$$;
