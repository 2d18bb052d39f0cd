-- core.lock_reconciliation_run: the walk through both books that is under way, or none.
--
-- Locks     the walk through both books
-- Raises    nothing
-- Backstop  reconciliations_one_unfinished
create or replace function core.lock_reconciliation_run()
returns core.reconciliations
language plpgsql volatile
as $$
declare
    v_run core.reconciliations;
begin
    select * into v_run
    from core.reconciliations as w
    where w.finished_at is null
    for update;
    return v_run;
end;
$$;
