-- core.join_class: a seat in a class of a group offering, an open one or a new one; false when there
-- is none.
--
-- p_during  the range that a new class would own
-- Locks     none (the caller holds the resource's days)
-- Raises    nothing
-- Backstop  occupancies_seat_once, occupancies_no_overlap
create or replace function core.join_class(
    p_booking core.bookings, p_capacity integer, p_group_size integer, p_during tstzrange,
    p_part integer)
returns boolean
language plpgsql volatile
as $$
declare
    v_choice record;
begin
    for v_choice in
        select s.class_id, s.unit, s.during
        from (
            select o.class_id, o.unit, o.during, 1 as preference
            from core.classes(p_booking.resource_id, p_booking.offering_id, p_during, core.clock()) as o
            where o.starts_at = p_booking.starts_at and o.ends_at = p_booking.ends_at
                and o.unit <= p_capacity
            union all
            select core.class_id(p_booking.resource_id, u, p_booking.offering_id, p_during), u, p_during, 2
            from pg_catalog.generate_series(1, p_capacity) as u
        ) as s
        order by s.preference, s.unit
    loop
        insert into core.occupancies (
            tenant_id, booking_id, part, resource_id, unit, during, class_id, seat, offering_id)
        select p_booking.tenant_id, p_booking.id, p_part, p_booking.resource_id, v_choice.unit,
            v_choice.during, v_choice.class_id, n, p_booking.offering_id
        from pg_catalog.generate_series(1, p_group_size) as n
        where not exists (
            select from core.occupancies as o
            where o.tenant_id = p_booking.tenant_id and o.class_id = v_choice.class_id
                and o.seat = n)
        order by n
        limit 1
        on conflict do nothing;

        if found then
            if v_choice.during <> p_during then
                perform core.adopt_buffers(p_booking, v_choice.during, p_part);
            end if;
            return true;
        end if;
    end loop;
    return false;
end;
$$;
