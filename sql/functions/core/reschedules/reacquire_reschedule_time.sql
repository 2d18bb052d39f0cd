-- core.reacquire_reschedule_time: take the time of a paid reschedule again if it has expired; false if the
-- reschedule can no longer be applied.
--
-- Not once the old time or the new one has begun. Nor when the booking was moved elsewhere since: the
-- difference was to another price.
--
-- Locks     the rows of stale holds in the way, in order of id (the caller holds the booking's row,
--           and the days of an expired reschedule)
-- Raises    nothing
-- Backstop  occupancies_no_overlap
create or replace function core.reacquire_reschedule_time(
    p_booking core.bookings, p_reschedule core.reschedules)
returns boolean
language plpgsql volatile
as $$
declare
    v_resource core.resources;
    v_offering core.offerings;
begin
    if p_booking.status <> 'scheduled'
        or least(p_booking.starts_at, p_reschedule.starts_at) <= core.clock()
    then
        return false;
    elsif p_reschedule.state = 'pending' then
        return true;
    elsif (core.pending_reschedule(p_booking)).id is not null
        or p_booking.amount <> p_reschedule.amount - p_reschedule.difference
        or (p_booking.resource_id, p_booking.starts_at)
            <> (p_reschedule.from_resource_id, p_reschedule.from_starts_at)
    then
        return false;
    end if;

    select * into v_resource
    from core.resources as r
    where r.tenant_id = p_booking.tenant_id and r.id = p_reschedule.resource_id;
    select * into v_offering
    from core.offerings as o
    where o.tenant_id = p_booking.tenant_id and o.id = p_booking.offering_id;

    update core.reschedules as c
    set state = 'pending', expires_at = core.clock()
    where c.tenant_id = p_reschedule.tenant_id and c.id = p_reschedule.id;
    if core.occupy(
        core.booking_after_reschedule(p_booking, p_reschedule), v_resource.capacity,
        v_offering.group_size, 2)
    then
        return true;
    end if;
    update core.reschedules as c
    set state = 'expired', expires_at = null
    where c.tenant_id = p_reschedule.tenant_id and c.id = p_reschedule.id;
    return false;
end;
$$;
