-- core.sound_reschedule: the rules of a row of core.reschedules, for its constraint reschedules_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_reschedule(p_row core.reschedules)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount between 1 and 99999999)
            then 'reschedules_amount_in_range'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'reschedules_currency_is_iso_4217'
        when not ((p_row.state = 'pending') = (p_row.expires_at is not null))
            then 'reschedules_pending_has_deadline'
        when not (p_row.starts_at < p_row.ends_at)
            then 'reschedules_period_ordered'
        when not (p_row.state in ('pending', 'applied', 'expired'))
            then 'reschedules_state_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "reschedules" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'reschedules', constraint = v_broken;
    end if;
    return true;
end;
$$;
