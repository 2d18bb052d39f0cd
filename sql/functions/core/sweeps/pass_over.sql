-- core.pass_over: a sweep failed at a row; skip it for a while, which grows each time.
--
-- Called by the handler of the subtransaction that the row was tried in. It is tried again after a
-- minute, two, four, … up to a day, a quarter up or down.
--
-- Locks     the failure's own row
-- Raises    what was caught, if the whole transaction lost to another one and should be repeated
-- Backstop  sweep_failures_pkey
create or replace function core.pass_over(
    p_sweep text, p_tenant_id uuid, p_row_id uuid, p_sqlstate text, p_message text)
returns void
language plpgsql volatile
as $$
declare
    v_now timestamptz := core.clock();
begin
    if p_sqlstate in ('40001', '40P01') then
        raise exception '%', p_message using errcode = p_sqlstate;
    end if;

    insert into core.sweep_failures as f (tenant_id, sweep, row_id, sqlstate, retry_at, updated_at)
    values (p_tenant_id, p_sweep, p_row_id, p_sqlstate, v_now + interval '1 minute', v_now)
    on conflict (tenant_id, sweep, row_id) do update
    set failures = least(f.failures, 1000000) + 1,
        sqlstate = excluded.sqlstate,
        retry_at = v_now + least(1440, power(2, least(f.failures, 11)))
            * (0.75 + pg_catalog.random() / 2) * interval '1 minute',
        updated_at = v_now;
    raise warning 'sweep % passed over row % of tenant %: %', p_sweep, p_row_id, p_tenant_id, p_sqlstate;
end;
$$;
