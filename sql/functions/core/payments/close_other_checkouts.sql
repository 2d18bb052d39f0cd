-- core.close_other_checkouts: once one attempt has paid, the others must not be payable any more.
--
-- Locks     none (the caller holds the booking's row)
-- Raises    nothing
-- Backstop  a second payment is refunded as duplicate_payment
create or replace function core.close_other_checkouts(p_paid core.checkouts)
returns void
language plpgsql volatile
as $$
declare
    v_other core.checkouts;
begin
    for v_other in
        select * from core.checkouts as c
        where c.tenant_id = p_paid.tenant_id and c.booking_id = p_paid.booking_id
            and c.id <> p_paid.id and c.state in ('creating', 'open', 'pending')
    loop
        perform core.close_checkout(v_other, 'superseded', 0);
    end loop;
end;
$$;
