-- core.any_unavailable: whether a hold of all these periods must fail, as far as can be seen
-- without the lock of their days: one of them is taken, or the opening hours do not offer it.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none: a hold that passes is checked again under the lock, by core.hold_periods
create or replace function core.any_unavailable(p_requested core.requested_period[])
returns boolean
language plpgsql immutable
as $$
declare
    v_one core.requested_period;
begin
    foreach v_one in array p_requested loop
        if v_one.taken or v_one.offered is not true then
            return true;
        end if;
    end loop;
    return false;
end;
$$;
