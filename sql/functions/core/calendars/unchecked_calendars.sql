-- core.unchecked_calendars: core.require_fresh_calendars for what a hold wants; asked only of resources
-- that have blackouts or calendars.
--
-- Returns   whether a calendar is taken unchecked, as the resource's policy accepts
-- Locks     none
-- Raises    KHCAL · KHCAU
-- Backstop  none
create or replace function core.unchecked_calendars(
    p_requested core.requested_period[], p_checked jsonb, p_at timestamptz)
returns boolean
language plpgsql volatile
as $$
declare
    v_one core.requested_period;
    v_resources uuid[];
begin
    foreach v_one in array p_requested loop
        if (v_one.bookable).closures then
            v_resources := v_resources || (v_one.bookable).resource_id;
        end if;
    end loop;
    if v_resources is null then
        return false;
    end if;
    return core.require_fresh_calendars(v_resources, p_checked, p_at);
end;
$$;
