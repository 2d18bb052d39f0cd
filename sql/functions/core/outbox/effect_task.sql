-- core.effect_task: what a worker needs to perform an effect, one entry for each kind.
--
-- Locks     none (the caller holds the effect's row, and of a letter its mailbox's letters)
-- Raises    nothing
-- Backstop  none
create or replace function core.effect_task(p_effect core.effects)
returns jsonb
language plpgsql volatile
as $$
begin
    case p_effect.kind
        when 'expire_session' then
            return core.session_task(p_effect);
        when 'refund_payment' then
            return core.refund_task(p_effect);
        when 'notify_offer' then
            return core.lease_letter(p_effect);
    end case;
end;
$$;
