-- core.passed_over: whether a sweep skips a row, because it failed at it some time ago.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.passed_over(
    p_sweep text, p_tenant_id uuid, p_row_id uuid, p_at timestamptz)
returns boolean
language sql stable
as $$
    select exists (
        select from core.sweep_failures as f
        where f.tenant_id = p_tenant_id and f.sweep = p_sweep and f.row_id = p_row_id
            and f.retry_at > p_at)
$$;
