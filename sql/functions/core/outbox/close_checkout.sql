-- core.close_checkout: have a checkout made unpayable at the provider; nothing is released before
-- that.
--
-- Returns the effect that does it. With a lease of some seconds the caller performs it at once;
-- with 0 it is left to the outbox. Asking twice is one effect: its key is the checkout.
--
-- Locks     the effect's row (after the booking's)
-- Raises    nothing
-- Backstop  effects_key_unique
create or replace function core.close_checkout(
    p_checkout core.checkouts, p_reason text, p_lease_seconds integer)
returns jsonb
language plpgsql volatile
as $$
declare
    v_effect core.effects;
    v_now timestamptz;
begin
    -- a checkout that was released, or has expired, is not reopened by a newer request
    update core.checkouts as c
    set close_reason = p_reason
    where c.tenant_id = p_checkout.tenant_id and c.id = p_checkout.id
        and c.close_reason is distinct from p_reason
        and (c.close_reason is null or c.close_reason = 'superseded');

    v_now := core.clock();
    insert into core.effects (
        tenant_id, id, kind, key, booking_id, checkout_id, due_at, created_at, updated_at)
    values (p_checkout.tenant_id, core.new_id(), 'expire_session', 'expire_session:' || p_checkout.id,
        p_checkout.booking_id, p_checkout.id, v_now, v_now, v_now)
    on conflict (tenant_id, key) do nothing;

    select * into v_effect
    from core.effects as e
    where e.tenant_id = p_checkout.tenant_id and e.key = 'expire_session:' || p_checkout.id
    for update;

    v_now := core.clock();
    if v_effect.state <> 'pending' then
        -- done or dead while the checkout can still be paid: it has to be asked again
        update core.effects as e
        set state = 'pending', due_at = v_now, lease = null, attempts = 0, updated_at = v_now
        where e.tenant_id = v_effect.tenant_id and e.id = v_effect.id
        returning * into v_effect;
    end if;
    if p_lease_seconds = 0 or v_effect.due_at > v_now then
        return null; -- the outbox does it, or is doing it
    end if;
    return core.lease_effect(v_effect, p_lease_seconds);
end;
$$;
