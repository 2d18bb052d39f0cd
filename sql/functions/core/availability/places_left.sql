-- core.places_left: units, or seats of a group offering, that are free for one period, whatever the
-- rules say.
--
-- Listing counts the same for many periods at once: see core.free_slots.
--
-- Locks     none
-- Raises    nothing
-- Backstop  occupancies_no_overlap, occupancies_seat_once
create or replace function core.places_left(
    p_resource core.resources, p_offering core.offerings,
    p_starts_at timestamptz, p_ends_at timestamptz, p_at timestamptz)
returns integer
language plpgsql stable
as $$
declare
    v_during tstzrange := core.widened(p_resource, p_offering, p_starts_at, p_ends_at);
    v_units integer := p_resource.capacity - (
        select pg_catalog.count(distinct b.unit)
        from core.occupied_ranges(p_resource.id, v_during, p_at) as b
        where b.unit <= p_resource.capacity)::integer;
begin
    if p_offering.group_size is null then
        return v_units;
    end if;
    return v_units * p_offering.group_size + coalesce((
        select pg_catalog.sum(greatest(p_offering.group_size - s.seats, 0))
        from core.classes(p_resource.id, p_offering.id, v_during, p_at) as s
        where s.unit <= p_resource.capacity
            and s.starts_at = p_starts_at and s.ends_at = p_ends_at), 0)::integer;
end;
$$;
