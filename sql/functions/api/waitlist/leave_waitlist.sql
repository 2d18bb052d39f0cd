-- api.leave_waitlist: leave the waitlist, and release an offer.
--
-- p_version the version the client has seen (If-Match), or null
--
-- Locks     as core.lock_waitlist_entry; then as core.transition_booking
-- Raises    KHAUT · KHNTF no such entry for this actor · KHVER stale version
--           KHSTA  the offer is being paid, or is booked
-- Backstop  trigger bookings_100_guard_transition
create or replace function api.leave_waitlist(p_actor jsonb, p_entry_id uuid, p_version integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'waitlist.leave');
    v_entry core.waitlist := core.lock_waitlist_entry(v_actor, p_entry_id);
    v_booking core.bookings;
begin
    if v_entry.state in ('waiting', 'offered') then -- leaving twice is leaving once
        if v_entry.version <> p_version then
            raise exception 'the current version is %, not %', v_entry.version, p_version
                using errcode = 'KHVER';
        end if;
        select * into v_booking
        from core.bookings as b
        where b.tenant_id = v_actor.tenant_id and b.id = v_entry.booking_id;
        if v_booking.status <> 'held' then
            raise exception 'the offer is being paid'
                using errcode = 'KHSTA', hint = 'release it with DELETE /v1/holds/{booking_id}';
        end if;

        update core.waitlist as w
        set state = 'left'
        where w.tenant_id = v_actor.tenant_id and w.id = p_entry_id
        returning * into v_entry;
        if v_booking.id is not null then
            perform core.transition_booking(v_booking, 'expired', 'the offer was turned down');
        end if;
    elsif v_entry.state = 'booked' then
        raise exception 'the offer was accepted and paid'
            using errcode = 'KHSTA', hint = 'cancel the confirmed booking instead';
    end if;
    perform core.still_authorized(v_actor);
    return core.waitlist_entry_json(v_entry);
end;
$$;
