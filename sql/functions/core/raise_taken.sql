-- core.raise_taken: refuse a taken time, with the free times nearest to it.
--
-- Locks     none
-- Raises    KHTKN  always; detail is {"alternatives": [slot, …]}, nearest first, at most five
-- Backstop  none
create or replace function core.raise_taken(
    p_resource core.resources, p_offering core.offerings, p_starts_at timestamptz, p_at timestamptz)
returns void
language plpgsql stable
as $$
declare
    -- a resource booked by date has one start a day, so its neighbourhood is wider
    v_reach interval := case p_resource.booking_mode when 'date' then '336 hours' else '48 hours' end;
    v_alternatives jsonb;
begin
    select coalesce(
        pg_catalog.jsonb_agg(core.slot_json(n.starts_at, n.ends_at, n.booked_on, n.remaining)), '[]')
    into v_alternatives
    from (
        select s.*
        from core.free_slots(
            p_resource, p_offering, p_starts_at - v_reach, p_starts_at + v_reach, p_at) as s
        order by greatest(s.starts_at - p_starts_at, p_starts_at - s.starts_at), s.starts_at
        limit 5
    ) as n;

    raise exception 'the time is taken'
        using errcode = 'KHTKN',
            detail = pg_catalog.jsonb_build_object('alternatives', v_alternatives)::text,
            hint = 'offer one of the alternatives';
end;
$$;
