-- core.sound_return: the rules of a row of core.returns, for its constraint returns_sound.
--
-- A key is what can happen to a booking's money once: the price fell with this reschedule; this
-- payment was not kept.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_return(p_row core.returns)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount > 0)
            then 'returns_amount_positive'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'returns_currency_is_iso_4217'
        when not (p_row.key ~ '^(price_difference|not_kept):[\x21-\x7e]{1,255}$')
            then 'returns_key_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "returns" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'returns', constraint = v_broken;
    end if;
    return true;
end;
$$;
