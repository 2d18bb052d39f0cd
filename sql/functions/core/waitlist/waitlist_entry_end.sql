-- core.waitlist_entry_end: when a new waitlist entry is over: when its time begins, and a browser's
-- entry after the days that the tenant allows, if that is earlier.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.waitlist_entry_end(
    p_actor core.actor, p_resource core.resources, p_request jsonb, p_at timestamptz)
returns timestamptz
language plpgsql stable
as $$
declare
    v_starts_at timestamptz := (p_request ->> 'starts_at')::timestamptz;
    v_time_over timestamptz := coalesce(v_starts_at, pg_catalog.upper(core.waited_starts(
        v_starts_at, (p_request ->> 'date')::date, p_resource.timezone)));
begin
    if p_actor.side = 'server' then
        return v_time_over;
    end if;
    return least(v_time_over, p_at + interval '24 hours' * (p_actor.tenant).place_days);
end;
$$;
