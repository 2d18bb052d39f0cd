-- api.next_reconciliation_page: the page that the comparison of Stripe's books with ours examines
-- next.
--
-- A run through both books begins once a day, and each call continues where the last one ended. It
-- covers p_days, up to an hour ago: what is younger may be under way.
--
-- Returns   {"open": findings that are neither resolved nor accepted,
--            "step": null when today's run is over, else
--            {"id", "phase", "after", "from", "until": epoch seconds, and of what is not listed by Stripe
--             "next", "items": [{"type": 'payment' | 'refund', "id", "metadata"}, …]}}
--
-- Runs as holdfast_system: it works across tenants.
--
-- Locks     the run through both books
-- Raises    nothing
-- Backstop  reconciliations_one_unfinished
create or replace function api.next_reconciliation_page(p_days integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s' set enable_sort = off
as $$
declare
    v_run core.reconciliations := core.lock_reconciliation_run();
    v_now timestamptz := core.clock();
    v_until timestamptz := pg_catalog.date_trunc('second', v_now - interval '1 hour');
    v_step jsonb;
begin
    if v_run.id is null then
        insert into core.reconciliations (id, from_at, until_at, began_at)
        select core.new_id(), v_until - p_days * interval '1 day', v_until, v_now
        where not exists (
            select from core.reconciliations as w where w.began_at > v_now - interval '23 hours')
        on conflict ((true)) where finished_at is null do nothing;
        v_run := core.lock_reconciliation_run(); -- another copy may have begun it meanwhile
    end if;

    if v_run.id is not null then
        v_step := pg_catalog.jsonb_build_object(
                'id', v_run.id, 'phase', v_run.phase, 'after', v_run.after,
                'from', pg_catalog.date_part('epoch', v_run.from_at)::bigint,
                'until', pg_catalog.date_part('epoch', v_run.until_at)::bigint)
            || case v_run.phase
                when 'payments' then '{}'
                when 'refunds' then '{}'
                when 'findings' then core.unlisted_findings(v_run)
                else core.unlisted_rows(v_run)
            end;
    end if;
    return pg_catalog.jsonb_build_object(
        'step', v_step,
        'open', (
            select pg_catalog.count(*) from core.findings as f
            where f.resolved_at is null and f.accepted_at is null
                and (f.tenant_id = '00000000-0000-0000-0000-000000000000'
                    or core.is_here(f.tenant_id))));
end;
$$;
