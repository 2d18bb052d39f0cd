-- core.record_refund: what the provider says of a refund becomes what is true here.
--
-- p_status  'pending' | 'succeeded' | 'failed'
--
-- A refund that failed leaves the money with us: it no longer counts as refunded, it is owed, and its
-- row says 'failed' until a person has queued another one. That holds for a second payment of a
-- confirmed booking, too, of which the booking itself says nothing. A succeeded or failed refund is not
-- made pending again by a late event.
--
-- Locks     the booking's row, then the refund's; the payment of one that failed; as
--           core.lock_accounts
-- Raises    nothing
-- Backstop  refunds_status_known, journals_reference_once, accounts_never_negative
create or replace function core.record_refund(
    p_refund core.refunds, p_status text, p_stripe_refund_id text)
returns void
language plpgsql volatile
as $$
declare
    v_booking core.bookings;
    v_was text;
begin
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_refund.tenant_id and b.id = p_refund.booking_id
    for no key update;

    select r.status into v_was
    from core.refunds as r
    where r.tenant_id = p_refund.tenant_id and r.id = p_refund.id
    for update;

    -- a success may still turn into a failure (the bank sends it back); never the other way round
    if v_was = p_status or v_was = 'failed' or (v_was = 'succeeded' and p_status = 'pending') then
        return;
    end if;

    update core.refunds as r
    set status = p_status, stripe_refund_id = coalesce(r.stripe_refund_id, p_stripe_refund_id)
    where r.tenant_id = p_refund.tenant_id and r.id = p_refund.id;

    if p_status = 'failed' then
        update core.payments as p
        set amount_refunded = p.amount_refunded - p_refund.amount
        where p.tenant_id = p_refund.tenant_id and p.id = p_refund.payment_id;
    end if;

    perform core.derive_payment_status(v_booking, 'refund ' || p_status || ': ' || p_refund.reason);
    if p_status <> 'pending' then
        perform core.book_refund(p_refund, v_was, p_status);
    end if;
end;
$$;
