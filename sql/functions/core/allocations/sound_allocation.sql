-- core.sound_allocation: the rules of a row of core.allocations, for its constraint allocations_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_allocation(p_row core.allocations)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.covers > 0)
            then 'allocations_covers_something'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'allocations_currency_is_iso_4217'
        when not (p_row.kind in ('card'))
            then 'allocations_kind_known'
        when not (p_row.value = p_row.covers)
            then 'allocations_money_covers'
        when not (p_row.returned between 0 and p_row.value)
            then 'allocations_returns_within_value'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "allocations" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'allocations', constraint = v_broken;
    end if;
    return true;
end;
$$;
