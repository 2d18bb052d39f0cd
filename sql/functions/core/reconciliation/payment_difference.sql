-- core.payment_difference: where the two books differ about a payment; a finding without a kind if they
-- do not.
--
-- Its first_seen_at is when it begins to count: for an hour after the last change it is under way. A
-- delayed method's result is asked for once a day, so its checkout has a day more.
--
-- A payment that was never settled is repaired by settling it. A checkout that was settled, and
-- whose payment is missing in our books, is not: settling it again would count it as paid twice and
-- refund it.
--
-- p_seen    {"id": the payment intent, "metadata": {"tenant_id"}, "object": {"amount": received, minor
--           units, "currency", "created": epoch seconds, "checkout_id": as its metadata says} or null:
--           Stripe has none}
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.payment_difference(p_seen jsonb)
returns core.findings
language plpgsql stable
as $$
declare
    v_tenant_id uuid := core.named_tenant(p_seen);
    v_finding core.findings;
    v_payment core.payments;
    v_checkout core.checkouts;
    v_booking core.bookings;
begin
    v_finding.object_id := p_seen ->> 'id';
    v_finding.amount := (p_seen #>> '{object,amount}')::bigint;
    v_finding.currency := p_seen #>> '{object,currency}';

    select * into v_payment
    from core.payments as p
    where p.tenant_id = v_tenant_id and p.payment_intent_id = v_finding.object_id;
    if not found then -- the metadata was edited at Stripe
        select * into v_payment
        from core.payments as p
        where p.payment_intent_id = v_finding.object_id;
    end if;
    if not found then
        if coalesce(v_finding.amount, 0) = 0 then
            return v_finding; -- it was not paid
        end if;
        if p_seen #>> '{object,checkout_id}' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
            select * into v_checkout
            from core.checkouts as c
            where c.tenant_id = v_tenant_id and c.id = (p_seen #>> '{object,checkout_id}')::uuid;
        end if;
        v_finding.tenant_id := v_checkout.tenant_id;
        v_finding.booking_id := v_checkout.booking_id;
        v_finding.kind := 'payment_unknown';
        v_finding.detail := 'paid at Stripe, and not in our books';
        v_finding.first_seen_at := greatest(
            pg_catalog.to_timestamp((p_seen #>> '{object,created}')::bigint) + interval '1 hour',
            v_checkout.updated_at + case v_checkout.state
                when 'pending' then interval '25 hours' else interval '1 hour' end);
        if v_checkout.state <> 'paid' then
            v_finding.cure := 'settle_checkout';
        end if;
        return v_finding;
    end if;

    v_finding.tenant_id := v_payment.tenant_id;
    v_finding.booking_id := v_payment.booking_id;
    v_finding.row_id := v_payment.id;
    v_finding.booked_amount := v_payment.amount;
    v_finding.booked_currency := v_payment.currency;
    v_finding.first_seen_at := v_payment.updated_at + interval '1 hour';
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = v_payment.tenant_id and b.id = v_payment.booking_id;
    case
        when coalesce(v_finding.amount, 0) = 0 then
            v_finding.kind := 'payment_missing';
            v_finding.detail := 'in our books, and not paid at Stripe';
        when (v_finding.amount, v_finding.currency)
            is distinct from (v_payment.amount, v_payment.currency)
        then
            v_finding.kind := 'payment_differs';
            v_finding.detail := 'another sum in our books than at Stripe';
        when v_payment.amount_refunded < v_payment.amount
            and v_booking.status not in ('scheduled', 'active', 'ended', 'completed')
        then
            v_finding.kind := 'payment_unkept';
            v_finding.detail := 'its booking is ' || v_booking.status || ', and it does not go back';
        else
            null;
    end case;
    return v_finding;
end;
$$;
