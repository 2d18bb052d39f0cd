-- core.require_version: refuse to act on a booking that has changed since the caller saw it.
--
-- p_version the version the caller has seen (If-Match), or null if it gives none
--
-- Locks     none (the caller holds the booking's row)
-- Raises    KHVER  the caller has seen another version
-- Backstop  none
create or replace function core.require_version(p_booking core.bookings, p_version integer)
returns void
language plpgsql stable
as $$
begin
    if p_booking.version <> p_version then
        raise exception 'the current version is %, not %', p_booking.version, p_version
            using errcode = 'KHVER';
    end if;
end;
$$;
