-- core.refund_amount: queue refunds of a part of what a booking was paid with, newest payment first.
--
-- Payments that were never wanted are not touched: what is left of them goes back by itself.
--
-- p_amount  minor units
-- Locks     the payments' rows, newest first (the caller holds the booking's row)
-- Raises    P0004  less was paid than is to go back: a fault of ours
-- Backstop  payments_refunds_within_capture
create or replace function core.refund_amount(p_booking core.bookings, p_amount bigint, p_reason text)
returns void
language plpgsql volatile
as $$
declare
    v_left bigint := p_amount;
    v_part bigint;
    v_payment core.payments;
begin
    for v_payment in
        select * from core.payments as p
        where p.tenant_id = p_booking.tenant_id
            and p.booking_id in (p_booking.id, p_booking.cart_id)
            and p.status = 'captured' and p.amount_refunded < p.amount
            and not exists (
                select from core.refunds as r
                where r.tenant_id = p.tenant_id and r.payment_id = p.id
                    and r.reason <> 'price_difference')
        -- what this booking alone was paid with, before the payment of its whole cart
        order by p.booking_id = p_booking.id desc, p.created_at desc, p.id desc
        for update
    loop
        exit when v_left = 0;
        v_part := least(v_left, v_payment.amount - v_payment.amount_refunded);
        perform core.queue_refund(v_payment, v_part, p_reason);
        v_left := v_left - v_part;
    end loop;

    assert v_left = 0, 'the booking was paid with less than what is to go back';
end;
$$;
