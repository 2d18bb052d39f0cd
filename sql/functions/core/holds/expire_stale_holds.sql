-- core.expire_stale_holds: free the time of expired holds that are in the way; returns how many are gone.
--
-- Only status held: a paying booking may still be paid. Bookings of one cart expire together, and
-- are locked and freed through the first. A hold that another transaction, a sweep for instance, ended
-- while this one waited for its row is gone as well: its time is free to take.
--
-- Locks     the first booking's row of each stale hold, in order of id; as core.transition_booking (the
--           caller holds the resource's days)
-- Raises    nothing
-- Backstop  bookings_100_guard_transition
create or replace function core.expire_stale_holds(p_resource core.resources, p_during tstzrange)
returns integer
language plpgsql volatile
as $$
declare
    v_id uuid;
    v_booking core.bookings;
    v_count integer := 0;
begin
    for v_id in select core.stale_holds(p_resource.id, p_during, core.clock()) loop
        select * into v_booking
        from core.bookings as b
        where b.tenant_id = p_resource.tenant_id and b.id = v_id
        for no key update;

        -- it may have begun its checkout while we waited
        if v_booking.status = 'held' and v_booking.hold_expires_at <= core.clock() then
            perform core.transition_booking(v_booking, 'expired', 'hold ran out; the time was wanted');
            v_count := v_count + 1;
        elsif v_booking.status = 'expired' then
            v_count := v_count + 1;
        elsif core.expire_stale_reschedule(v_booking, core.clock()) then
            v_count := v_count + 1;
        end if;
    end loop;
    return v_count;
end;
$$;
