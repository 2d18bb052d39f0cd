-- core.sound_checkout: the rules of a row of core.checkouts, for its constraint checkouts_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_checkout(p_row core.checkouts)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount between 1 and 99999999)
            then 'checkouts_amount_in_range'
        when not (p_row.close_reason in ('released', 'superseded', 'deadline'))
            then 'checkouts_close_reason_known'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'checkouts_currency_is_iso_4217'
        when not (p_row.state <> 'open' or p_row.stripe_session_id is not null)
            then 'checkouts_open_has_stripe_session'
        when not (p_row.state in ('creating', 'open', 'pending', 'paid', 'expired', 'failed'))
            then 'checkouts_state_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "checkouts" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'checkouts', constraint = v_broken;
    end if;
    return true;
end;
$$;
