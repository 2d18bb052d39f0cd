-- core.conflicts: which of the requested periods visibly cannot be held, and why; read without a
-- lock.
--
-- Refuses early and cheaply; it never grants anything.
--
-- Returns   {position: 'taken' or the rule, …}; empty when all look free
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.conflicts(p_requested core.requested_period[], p_at timestamptz)
returns jsonb
language plpgsql stable
as $$
declare
    v_one core.requested_period;
    v_reason text;
    v_conflicts jsonb := '{}';
begin
    foreach v_one in array p_requested loop
        v_reason := core.broken_rule(v_one, null, p_at);
        if v_reason is null and v_one.taken then
            v_reason := 'taken';
        end if;
        if v_reason is not null then
            v_conflicts := v_conflicts || pg_catalog.jsonb_build_object(v_one.position, v_reason);
        end if;
    end loop;
    return v_conflicts;
end;
$$;
