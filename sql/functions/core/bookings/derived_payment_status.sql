-- core.derived_payment_status: what a booking's money says of it. payment_status is this, and nothing else.
--
-- A booking that was paid goes by its own allocations, so a refund of a second payment does not make it
-- less paid; one of a cart goes by its own. What never was paid for goes by the money that came too
-- late or was wrong, which those held together share. Queued refunds do not count as returned.
--
-- p_booking  as it is, or is about to be
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  bookings_payment_status_known
create or replace function core.derived_payment_status(p_booking core.bookings)
returns text
language plpgsql stable
as $$
declare
    v_id uuid;
    v_price bigint := p_booking.amount;
    v_captured bigint;
    v_given_back bigint;
    v_returned bigint := 0;
begin
    if p_booking.status in ('held', 'paying') then
        return 'unpaid';
    end if;

    select pg_catalog.sum(a.value), pg_catalog.sum(a.returned) into v_captured, v_given_back
    from core.allocations as a
    where a.tenant_id = p_booking.tenant_id and a.booking_id = p_booking.id;
    if v_captured is null then
        v_price := core.cart_total(p_booking);
        v_captured := 0;
        -- one after the other: each has an index, an array of them might not be given it
        foreach v_id in array core.cart_ids(p_booking) loop
            v_captured := v_captured + coalesce((
                select pg_catalog.sum(p.amount)
                from core.payments as p
                where p.tenant_id = p_booking.tenant_id and p.booking_id = v_id), 0);
            v_returned := v_returned + coalesce((
                select pg_catalog.sum(r.amount)
                from core.refunds as r
                where r.tenant_id = p_booking.tenant_id and r.booking_id = v_id
                    and r.status in ('pending', 'succeeded')), 0);
        end loop;
    elsif v_given_back > 0 then
        v_returned := coalesce((
            select pg_catalog.sum(r.amount)
            from core.refunds as r
            where r.tenant_id = p_booking.tenant_id and r.booking_id = p_booking.id
                and r.status in ('pending', 'succeeded')
                and ( -- no join, which could be begun at the wrong end
                    select t.amount from core.return_parts as t
                    where t.tenant_id = r.tenant_id and t.return_id = r.return_id
                        and t.refund_id = r.id
                    limit 1) is not null), 0);
    end if;

    return case
        when v_captured = 0 then 'unpaid'
        when v_returned = 0 or v_captured - v_returned >= v_price then 'paid'
        when v_returned >= v_captured then 'refunded'
        else 'partially_refunded'
    end;
end;
$$;
