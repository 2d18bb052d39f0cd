-- core.advance_reconciliation: remember how far a run through both books has come.
--
-- p_after   the last item of its phase that was examined; null: the phase is over
-- Locks     none (the caller holds the run)
-- Raises    nothing
-- Backstop  reconciliations_done_is_finished
create or replace function core.advance_reconciliation(p_run core.reconciliations, p_after jsonb)
returns void
language plpgsql volatile
as $$
declare
    v_phase text := case
        when p_after is not null then p_run.phase
        else (pg_catalog.jsonb_build_object(
            'payments', 'refunds', 'refunds', 'our_payments', 'our_payments', 'our_refunds',
            'our_refunds', 'findings', 'findings', 'done')) ->> p_run.phase
    end;
begin
    update core.reconciliations as w
    set phase = v_phase,
        after = p_after,
        finished_at = case when v_phase = 'done' then core.clock() end
    where w.id = p_run.id;

    if v_phase = 'done' then
        delete from core.reconciled_rows;
    end if;
end;
$$;
