-- core.delete_booking: delete a booking that was never paid, those held with it, and all that hangs on
-- them, if nothing speaks against it under the lock.
--
-- Against it speak: a payment, refund, dispute or finding; a change that is pending; a checkout that
-- Stripe has not said to be over; money or anything pending in the outbox; an event that Stripe may
-- still repeat; a waitlist entry that is not over. A payment that arrives for one that is gone is
-- reported as unknown, and the daily comparison of the books finds it.
--
-- Returns   how many bookings went, the day on which they ended, and why; null when they stay
-- Locks     the booking, then those held with it in order of position, skipping what is locked
--           (the caller holds their customer)
-- Raises    23503 when a row that is not known here refers to one of them
-- Backstop  payments_booking_exists, refunds_booking_exists and their like
create or replace function core.delete_booking(p_tenant core.tenants, p_booking_id uuid)
returns audit.deleted_bookings
language plpgsql volatile
as $$
declare
    v_booking core.bookings;
    v_ended audit.deleted_bookings;
    v_ids uuid[];
    v_id uuid;
    v_results uuid[]; -- whose request keys go: of the booking, its checkouts and moves, the place it was offered to
    v_result uuid;
    v_now timestamptz;
begin
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_tenant.id and b.id = p_booking_id
    for update skip locked;
    if not found then
        return null;
    end if;
    v_ids := core.cart_ids(v_booking);
    foreach v_id in array v_ids[2 :] loop
        perform from core.bookings as b
        where b.tenant_id = p_tenant.id and b.id = v_id
        for update skip locked;
        if not found then
            return null;
        end if;
    end loop;

    v_now := core.clock();
    foreach v_id in array v_ids loop
        if core.must_keep(p_tenant, v_id, v_now) then
            return null;
        end if;
    end loop;

    select e.tenant_id, (e.at at time zone 'UTC')::date, e.reason, pg_catalog.cardinality(v_ids)
    into v_ended
    from audit.booking_events as e
    where e.tenant_id = p_tenant.id and e.booking_id = p_booking_id
    order by e.tenant_id, e.booking_id, e.version desc limit 1;
    if not found then -- it was made past all functions
        v_ended := row(
            p_tenant.id, (v_booking.updated_at at time zone 'UTC')::date, 'unknown',
            pg_catalog.cardinality(v_ids));
    end if;

    foreach v_id in array v_ids loop
        delete from core.effects as e where e.tenant_id = p_tenant.id and e.booking_id = v_id;
        delete from core.stripe_events as s where s.tenant_id = p_tenant.id and s.booking_id = v_id;
        v_results := v_id
            || array(
                select c.id from core.checkouts as c
                where c.tenant_id = p_tenant.id and c.booking_id = v_id)
            || array(
                select r.id from core.reschedules as r
                where r.tenant_id = p_tenant.id and r.booking_id = v_id)
            || array(
                select w.id from core.waitlist as w
                where w.tenant_id = p_tenant.id and w.booking_id = v_id);
        foreach v_result in array v_results loop
            delete from core.idempotency_keys as k
            where k.tenant_id = p_tenant.id and k.result_id = v_result;
        end loop;
        delete from core.checkouts as c where c.tenant_id = p_tenant.id and c.booking_id = v_id;
        delete from core.reschedules as r where r.tenant_id = p_tenant.id and r.booking_id = v_id;
        delete from core.waitlist as w where w.tenant_id = p_tenant.id and w.booking_id = v_id;
        delete from audit.booking_events as e
        where e.tenant_id = p_tenant.id and e.booking_id = v_id;
        delete from core.bookings as b where b.tenant_id = p_tenant.id and b.id = v_id;
    end loop;
    return v_ended;
end;
$$;
