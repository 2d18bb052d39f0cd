-- core.unfinished_reconciliation: the walk through both books that is under way, or none.
--
-- Locks     the walk through both books
-- Raises    nothing
-- Backstop  reconciliations_one_unfinished
create or replace function core.unfinished_reconciliation()
returns core.reconciliations
language plpgsql volatile
as $$
declare
    v_walk core.reconciliations;
begin
    select * into v_walk
    from core.reconciliations as w
    where w.finished_at is null
    for update;
    return v_walk;
end;
$$;
