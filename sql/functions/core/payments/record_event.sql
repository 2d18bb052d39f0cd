-- core.record_event: record a provider's event in the transaction of its effect; false for a
-- repeat.
--
-- A concurrent delivery of the same event waits here until the first one has committed.
--
-- Locks     the unique key of the event
-- Raises    nothing
-- Backstop  stripe_events_pkey
create or replace function core.record_event(p_event jsonb, p_tenant_id uuid, p_booking_id uuid)
returns boolean
language plpgsql volatile
as $$
begin
    insert into core.stripe_events (id, tenant_id, type, booking_id, created_at, received_at)
    values (
        p_event ->> 'id', p_tenant_id, p_event ->> 'type', p_booking_id,
        pg_catalog.to_timestamp((p_event ->> 'created')::bigint), core.clock())
    on conflict (tenant_id, id) do nothing;
    return found;
end;
$$;
