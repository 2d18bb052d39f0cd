-- core.sound_payment: the rules of a row of core.payments, for its constraint payments_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_payment(p_row core.payments)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount > 0)
            then 'payments_amount_positive'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'payments_currency_is_iso_4217'
        when not (p_row.amount_refunded between 0 and p_row.amount)
            then 'payments_refunds_within_capture'
        when not (p_row.status in ('captured', 'quarantined'))
            then 'payments_status_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "payments" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'payments', constraint = v_broken;
    end if;
    return true;
end;
$$;
