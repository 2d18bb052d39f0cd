-- core.start_reschedule: record a reschedule of a booking, at today's price.
--
-- A difference too small to be charged is waived: then the price stays. What is left of one between two
-- steps of its currency is waived, too. A reschedule of a hold costs nothing by itself, as nothing was paid
-- yet.
--
-- p_id      of the new row
-- p_date    the local date, of a resource that is booked by date
-- Source    core.currencies
-- Locks     none (the caller holds the booking's row)
-- Raises    KHPRC  the price is in another currency than what was paid
--           KHAMT  see core.require_price
-- Backstop  reschedules_one_pending
create or replace function core.start_reschedule(
    p_actor core.actor, p_booking core.bookings, p_id uuid, p_resource core.resources,
    p_offering core.offerings, p_period tstzrange, p_date date, p_unchecked boolean, p_at timestamptz)
returns core.reschedules
language plpgsql volatile
as $$
declare
    v_price core.prices := core.require_price(p_offering, p_booking.tier, p_booking.package);
    v_paid boolean := p_booking.status = 'scheduled';
    v_reschedule core.reschedules;
    v_amount bigint := v_price.amount;
    v_more bigint := v_price.amount - p_booking.amount;
    v_currency core.currencies;
begin
    if v_paid and v_price.currency <> p_booking.currency then
        raise exception 'the booking was paid in %, and its price is now in %',
                p_booking.currency, v_price.currency
            using errcode = 'KHPRC', hint = 'cancel it and book another time';
    end if;
    if v_paid and v_more > 0 then
        select * into v_currency from core.currencies as c where c.code = v_price.currency;
        v_more := v_more - v_more % v_currency.step;
        v_amount := p_booking.amount + case when v_more < v_currency.least_charge then 0 else v_more end;
    end if;

    insert into core.reschedules (
        tenant_id, id, booking_id, state, resource_id, starts_at, ends_at, booked_on,
        buffer_before_minutes, buffer_after_minutes, amount, difference, currency,
        calendar_unchecked, from_resource_id, from_starts_at, from_ends_at, expires_at,
        created_at, updated_at)
    values (
        p_booking.tenant_id, p_id, p_booking.id, 'pending', p_resource.id,
        pg_catalog.lower(p_period), pg_catalog.upper(p_period), p_date,
        core.buffer_before(p_resource, p_offering), core.buffer_after(p_resource, p_offering), v_amount,
        case when v_paid then v_amount - p_booking.amount else 0 end, v_price.currency,
        p_unchecked, p_booking.resource_id, p_booking.starts_at, p_booking.ends_at,
        p_at + (p_actor.tenant).hold_minutes * interval '1 minute', p_at, p_at)
    returning * into v_reschedule;
    return v_reschedule;
end;
$$;
