-- core.require_reach: refuse a booking that this actor cannot reach, as if it did not exist.
--
-- A secret ends some time after its booking: core.tenants.secret_days.
--
-- Hashes of 128-bit secrets are compared, so the time of the comparison tells nothing of use.
--
-- Locks     none
-- Raises    KHNTF  no such booking for this actor
-- Backstop  row-level security
create or replace function core.require_reach(p_actor core.actor, p_booking core.bookings)
returns void
language plpgsql stable
as $$
begin
    if p_booking.id is null
        or (p_actor.role <> 'secret'
            and (p_actor.booking_secret_hash is distinct from p_booking.client_secret_hash
                or p_booking.ends_at < core.clock() - interval '30 days' -- no tenant has less
                    and p_booking.ends_at < core.clock() - (
                        select t.secret_days from core.tenants as t
                        where t.id = p_booking.tenant_id) * interval '24 hours'))
    then
        raise exception 'no such booking'
            using errcode = 'KHNTF',
                hint = 'check the id, and send the booking''s client_secret as Booking-Secret';
    end if;
end;
$$;
