-- core.lock_customer: serialise all that book or reschedule for a booking's customer.
--
-- Locks     the customer's mailbox, as core.lock_identity
-- Raises    nothing (55P03 when the caller's lock_timeout passes)
-- Backstop  none
create or replace function core.lock_customer(p_booking core.bookings)
returns void
language plpgsql volatile
as $$
declare
    v_mailbox text;
begin
    select c.mailbox into v_mailbox
    from core.customers as c
    where c.tenant_id = p_booking.tenant_id and c.id = p_booking.customer_id;

    perform core.lock_identity(p_booking.tenant_id, 'customer', v_mailbox);
end;
$$;
