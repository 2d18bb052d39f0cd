-- core.adopt_buffers: give a booking that joins a class the class's buffers instead of today's.
--
-- p_during  what the class owns
-- p_part    1: of the booking itself; 2: of its pending reschedule
-- Locks     none (the caller made the booking or holds its row)
-- Raises    nothing
-- Backstop  none
create or replace function core.adopt_buffers(
    p_booking core.bookings, p_during tstzrange, p_part integer)
returns void
language plpgsql volatile
as $$
declare
    v_before integer := pg_catalog.date_part(
        'epoch', p_booking.starts_at - pg_catalog.lower(p_during)) / 60;
    v_after integer := pg_catalog.date_part(
        'epoch', pg_catalog.upper(p_during) - p_booking.ends_at) / 60;
begin
    if p_part = 1 then
        perform pg_catalog.set_config('holdfast.reason', 'joined a session with its buffers', true);
        update core.bookings as b
        set buffer_before_minutes = v_before, buffer_after_minutes = v_after
        where b.tenant_id = p_booking.tenant_id and b.id = p_booking.id;
    else
        update core.reschedules as c
        set buffer_before_minutes = v_before, buffer_after_minutes = v_after
        where c.tenant_id = p_booking.tenant_id and c.booking_id = p_booking.id
            and c.state = 'pending';
    end if;
end;
$$;
