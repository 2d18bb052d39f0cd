-- core.require_booking_access: refuse a booking that this actor cannot reach, as if it did not exist.
--
-- A credential with the scope of the tenant needs no secret. A secret ends some time after its
-- booking: core.tenants.secret_days.
--
-- Hashes of 128-bit secrets are compared, so the duration of the comparison reveals nothing of use.
--
-- Locks     none
-- Raises    KHNTF  no such booking for this actor
-- Backstop  row-level security
create or replace function core.require_booking_access(p_actor core.actor, p_booking core.bookings)
returns void
language plpgsql stable
as $$
begin
    if p_booking.id is null
        or (p_actor.scope is distinct from 'tenant'
            and (p_actor.booking_secret_hash is distinct from p_booking.client_secret_hash
                or p_booking.ends_at
                    < core.clock() - (p_actor.tenant).secret_days * interval '24 hours'))
    then
        raise exception 'no such booking'
            using errcode = 'KHNTF';
    end if;
end;
$$;
