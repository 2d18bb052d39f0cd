-- core.sound_refund: the rules of a row of core.refunds, for its constraint refunds_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_refund(p_row core.refunds)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount > 0)
            then 'refunds_amount_positive'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'refunds_currency_is_iso_4217'
        when not (p_row.reason in (
            'time_lost', 'released', 'amount_mismatch', 'duplicate_payment', 'price_difference',
            'customer_limit'))
            then 'refunds_reason_known'
        when not (p_row.replaced_by is null or p_row.status = 'failed')
            then 'refunds_replacement_is_of_a_failure'
        when not (p_row.status in ('queued', 'pending', 'succeeded', 'failed'))
            then 'refunds_status_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "refunds" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'refunds', constraint = v_broken;
    end if;
    return true;
end;
$$;
