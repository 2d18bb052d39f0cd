-- core.lease_effect: give an effect to one worker for a while, with all it needs to perform it.
--
-- A second worker may join one that outlives its lease; the effect's key makes that harmless.
--
-- Locks     none (the caller holds the effect's row, and of a letter its mailbox's letters)
-- Raises    nothing
-- Backstop  the idempotency key outside
create or replace function core.lease_effect(p_effect core.effects, p_lease_seconds integer)
returns jsonb
language plpgsql volatile
as $$
declare
    v_effect core.effects;
    v_now timestamptz := core.clock();
begin
    update core.effects as e
    set lease = pg_catalog.gen_random_uuid(),
        attempts = e.attempts + 1,
        due_at = v_now + p_lease_seconds * interval '1 second',
        updated_at = v_now
    where e.tenant_id = p_effect.tenant_id and e.id = p_effect.id
    returning * into v_effect;

    return pg_catalog.jsonb_build_object(
            'id', v_effect.id, 'tenant_id', v_effect.tenant_id, 'booking_id', v_effect.booking_id,
            'kind', v_effect.kind, 'key', v_effect.key, 'lease', v_effect.lease,
            'attempts', v_effect.attempts, 'request_id', v_effect.request_id,
            'age_seconds', pg_catalog.floor(pg_catalog.date_part('epoch', v_now - v_effect.created_at)))
        || core.effect_task(v_effect);
end;
$$;
