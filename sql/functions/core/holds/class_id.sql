-- core.class_id: the id of the group class that has this range of a unit.
--
-- Derived, so that two that open it at once open one class, with different seats.
--
-- Locks     none
-- Raises    nothing
-- Backstop  occupancies_seat_once
create or replace function core.class_id(
    p_resource_id uuid, p_unit integer, p_offering_id uuid, p_during tstzrange)
returns uuid
language sql immutable parallel safe
as $$
    select pg_catalog.md5(pg_catalog.concat_ws(
        ':', p_resource_id, p_unit, p_offering_id,
        extract(epoch from pg_catalog.lower(p_during)),
        extract(epoch from pg_catalog.upper(p_during))))::uuid
$$;
