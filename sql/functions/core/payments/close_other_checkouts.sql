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
    select * into v_other -- one at most: checkouts_one_payable_per_booking
    from core.checkouts as c
    where c.tenant_id = p_paid.tenant_id and c.booking_id = p_paid.booking_id
        and c.state in ('creating', 'open', 'pending');
    if found then
        perform core.close_checkout(v_other, 'superseded', 0);
    end if;
end;
$$;
