-- bookings_910_follow_waitlist: a waitlist entry shows what became of its offer.
--
-- offered → booked when the booking is confirmed, late payments included; → lapsed when it ended
-- before that. Its condition stands in the function, as bookings_100_guard_transition's does.
create or replace function core.follow_waitlist()
returns trigger
language plpgsql
as $$
declare
    v_state text := case
        when new.status = 'scheduled' then 'booked'
        when old.payment_status = 'unpaid' and new.status in ('expired', 'cancelled', 'declined')
            then 'lapsed'
    end;
begin
    if v_state is null or old.status = new.status then
        return null;
    end if;
    update core.waitlist as w
    set state = v_state
    where w.tenant_id = new.tenant_id and w.booking_id = new.id
        and w.state in ('offered', 'lapsed') and w.state <> v_state;
    return null;
end;
$$;

create or replace trigger bookings_910_follow_waitlist
    after update of status on core.bookings
    for each row execute function core.follow_waitlist();
