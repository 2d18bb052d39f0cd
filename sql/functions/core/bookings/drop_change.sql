-- core.drop_change: end the change of a booking that is over; its payment page, if there is one, is
-- closed by the outbox, and money that still comes goes back.
--
-- Locks     as core.close_checkout (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  none
create or replace function core.drop_change(p_booking core.bookings)
returns void
language plpgsql volatile
as $$
declare
    v_change core.changes := core.pending_change(p_booking);
    v_checkout core.checkouts := core.payable_checkout(p_booking);
begin
    if v_change.id is null then
        return;
    end if;
    if v_checkout.change_id = v_change.id then
        perform core.close_checkout(v_checkout, 'deadline', 0);
    end if;
    perform core.expire_change(p_booking, v_change, 'the booking is over, and so is its change');
end;
$$;
