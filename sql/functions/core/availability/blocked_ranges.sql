-- core.blocked_ranges: ranges in which a resource takes no new booking whatever its hours say: blackouts,
-- and what its calendars elsewhere have.
--
-- Whether those calendars were read recently enough is asked before a hold, not here.
-- Runs as holdfast_system for the same reason as core.occupied_ranges.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.blocked_ranges(p_resource_id uuid, p_window tstzrange)
returns table (during tstzrange, blackout_id uuid, calendar_id uuid)
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off
rows 5
as $$
declare
    v_tenant_id uuid := core.current_tenant();
begin
    return query select * from core.closed_ranges(v_tenant_id, p_resource_id, p_window);
end;
$$;
