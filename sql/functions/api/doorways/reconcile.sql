-- api.reconcile: api.submit_reconciliation_page, under the name that the previous release calls.
--
-- Locks     as api.submit_reconciliation_page
-- Raises    as api.submit_reconciliation_page
-- Backstop  as api.submit_reconciliation_page
create or replace function api.reconcile(p_step jsonb, p_seen jsonb, p_tried jsonb)
returns jsonb
language sql volatile security definer
as $$
    select api.submit_reconciliation_page(p_step, p_seen, p_tried)
$$;
