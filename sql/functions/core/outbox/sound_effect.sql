-- core.sound_effect: the rules of a row of core.effects, for its constraint effects_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_effect(p_row core.effects)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.attempts >= 0)
            then 'effects_attempts_counted'
        when not (p_row.kind in ('expire_session', 'refund_payment', 'notify_offer'))
            then 'effects_kind_known'
        when not ((p_row.kind = 'expire_session') = (p_row.checkout_id is not null)
            and (p_row.kind = 'refund_payment') = (p_row.refund_id is not null))
            then 'effects_names_its_subject'
        when not ((p_row.sent_at is null) = (p_row.customer_id is null))
            then 'effects_sent_to_a_customer'
        when not (p_row.state in ('pending', 'done', 'dead'))
            then 'effects_state_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "effects" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'effects', constraint = v_broken;
    end if;
    return true;
end;
$$;
