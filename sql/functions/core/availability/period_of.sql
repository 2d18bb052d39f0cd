-- core.period_of: the period that a start or a date stands for; nulls when the resource is booked the
-- other way.
--
-- A date that its zone skipped ends where it begins.
--
-- p_starts_at | p_date  the start of a slot, or the local date
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.period_of(
    p_resource core.resources, p_offering core.offerings, p_starts_at timestamptz, p_date date,
    out starts_at timestamptz, out ends_at timestamptz)
language plpgsql stable
as $$
begin
    if (p_resource.booking_mode = 'date') <> (p_date is not null) then
        return;
    end if;

    if p_date is null then
        starts_at := p_starts_at;
        ends_at := p_starts_at + p_offering.duration_minutes * interval '1 minute';
    else
        starts_at := core.local_instant(p_date::timestamp, p_resource.timezone, 'start');
        ends_at := core.local_instant((p_date + 1)::timestamp, p_resource.timezone, 'start');
    end if;
end;
$$;
