-- core.unmet: which of the wanted periods visibly cannot be had, and why; looked at without a lock.
--
-- Refuses early and cheaply; it never grants anything.
--
-- Returns   {position: 'taken' or the rule, …}; empty when all look free
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.unmet(p_wanted core.wanted[], p_at timestamptz)
returns jsonb
language plpgsql stable
as $$
declare
    v_one core.wanted;
    v_reason text;
    v_unmet jsonb := '{}';
begin
    foreach v_one in array p_wanted loop
        v_reason := core.broken_rule(v_one, null, p_at);
        if v_reason is null and v_one.taken then
            v_reason := 'taken';
        end if;
        if v_reason is not null then
            v_unmet := v_unmet || pg_catalog.jsonb_build_object(v_one.position, v_reason);
        end if;
    end loop;
    return v_unmet;
end;
$$;
