-- bookings_900_audit: every change of a booking is recorded in the same transaction.
--
-- Who and why come from core.enter_tenant and core.transition_booking.
create or replace function core.audit_booking()
returns trigger
language plpgsql
as $$
begin
    insert into audit.booking_events (
        tenant_id, booking_id, at, version, from_status, to_status,
        from_payment_status, to_payment_status, actor_role, actor_key_id, reason, request_id)
    values (
        new.tenant_id, new.id, new.updated_at, new.version,
        case when tg_op = 'UPDATE' then old.status end, new.status,
        case when tg_op = 'UPDATE' then old.payment_status end, new.payment_status,
        coalesce(nullif(pg_catalog.current_setting('holdfast.actor_role', true), ''), 'unknown'),
        nullif(pg_catalog.current_setting('holdfast.actor_key_id', true), '')::uuid,
        coalesce(nullif(pg_catalog.current_setting('holdfast.reason', true), ''), 'unknown'),
        nullif(pg_catalog.current_setting('holdfast.request_id', true), ''));
    return null;
end;
$$;

create or replace trigger bookings_900_audit
    after insert or update on core.bookings
    for each row execute function core.audit_booking();
