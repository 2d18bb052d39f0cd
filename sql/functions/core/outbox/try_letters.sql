-- core.try_letters: become the only call that sends letters to a booking's customer; false if
-- another call is.
--
-- Never waits: a sweep takes several mailboxes in the order of their letters.
--
-- Locks     pg_try_advisory_xact_lock on the mailbox's letters, to the end of the transaction
-- Raises    nothing
-- Backstop  none
create or replace function core.try_letters(p_tenant_id uuid, p_booking_id uuid)
returns boolean
language plpgsql volatile
as $$
declare
    v_booking core.bookings;
    v_mailbox text;
begin
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_tenant_id and b.id = p_booking_id;
    select c.mailbox into v_mailbox
    from core.customers as c
    where c.tenant_id = p_tenant_id and c.id = v_booking.customer_id;
    return pg_catalog.pg_try_advisory_xact_lock(
        pg_catalog.hashtextextended('letters:' || p_tenant_id || ':' || v_mailbox, 0));
end;
$$;
