-- core.sound_change: the rules of a row of core.changes, for its constraint changes_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_change(p_row core.changes)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount between 1 and 99999999)
            then 'changes_amount_in_range'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'changes_currency_is_iso_4217'
        when not ((p_row.state = 'pending') = (p_row.expires_at is not null))
            then 'changes_pending_has_deadline'
        when not (p_row.starts_at < p_row.ends_at)
            then 'changes_period_ordered'
        when not (p_row.state in ('pending', 'applied', 'expired'))
            then 'changes_state_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "changes" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'changes', constraint = v_broken;
    end if;
    return true;
end;
$$;
