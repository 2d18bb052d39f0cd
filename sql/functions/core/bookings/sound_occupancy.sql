-- core.sound_occupancy: the rules of a row of core.occupancies, for its constraint occupancies_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_occupancy(p_row core.occupancies)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (not pg_catalog.isempty(p_row.during)
            and not pg_catalog.lower_inf(p_row.during)
            and not pg_catalog.upper_inf(p_row.during)
            and pg_catalog.lower_inc(p_row.during)
            and not pg_catalog.upper_inc(p_row.during))
            then 'occupancies_during_bounded'
        when not (p_row.part in (1, 2))
            then 'occupancies_part_known'
        when not (p_row.offering_id is not null or p_row.class_id = p_row.booking_id)
            then 'occupancies_private_is_alone'
        when not (p_row.seat >= 1)
            then 'occupancies_seat_positive'
        when not (p_row.unit >= 1)
            then 'occupancies_unit_positive'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "occupancies" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'occupancies', constraint = v_broken;
    end if;
    return true;
end;
$$;
