-- bookings_910_follow_waitlist: a waitlist entry shows what became of its offer.
--
-- offered → booked when the booking is confirmed, late payments included; → lapsed when it ended
-- before that.
create or replace function core.follow_waitlist()
returns trigger
language plpgsql
as $$
begin
    update core.waitlist as w
    set state = case new.status when 'scheduled' then 'booked' else 'lapsed' end
    where w.tenant_id = new.tenant_id and w.booking_id = new.id
        and w.state in ('offered', 'lapsed')
        and w.state is distinct from case new.status when 'scheduled' then 'booked' else 'lapsed' end;
    return null;
end;
$$;

create or replace trigger bookings_910_follow_waitlist
    after update of status on core.bookings
    for each row when (
        old.status is distinct from new.status
        and (new.status = 'scheduled'
            or old.payment_status = 'unpaid' and new.status in ('expired', 'cancelled', 'declined')))
    execute function core.follow_waitlist();
