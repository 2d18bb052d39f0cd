-- core.hold_offered_period: hold one period for a waitlist entry, and queue the letter to its customer.
--
-- An external calendar cannot be read here; for one that is not fresh the resource's policy
-- decides, as for a hold that could not read it.
--
-- The period is one of core.free_slots.
--
-- Locks     the customer, where bookings of one customer are counted; the days of the period; stale
--           holds in the way (the caller holds the entry)
-- Raises    KHTKN  the period cannot be had
--           KHCAU  the resource's own calendar was not read lately
-- Backstop  occupancies_no_overlap, occupancies_seat_once, effects_key_unique
create or replace function core.hold_offered_period(
    p_resource core.resources, p_entry core.waitlist, p_starts_at timestamptz, p_booked_on date)
returns void
language plpgsql volatile
as $$
declare
    v_requested core.requested_period;
    v_actor core.actor;
    v_tenant core.tenants;
    v_booking_id uuid := core.new_id();
    v_taken record;
    v_now timestamptz;
begin
    v_actor.tenant_id := p_entry.tenant_id;
    v_actor.address_hash := p_entry.address_hash;
    select * into v_tenant from core.tenants as t where t.id = p_entry.tenant_id;
    v_actor.tenant := v_tenant;
    v_actor.side := case when p_entry.vouched then 'server' else 'customer' end;
    v_actor.secret_key_id := p_entry.secret_key_id; -- the entry's secret opens the booking
    v_requested := core.find_requested_period(
        p_entry.tenant_id, p_resource.id, p_entry.offering_id, p_entry.tier, p_entry.package,
        case when p_booked_on is null then p_starts_at end, p_booked_on, core.clock());
    if core.any_unavailable(array[v_requested]) then
        raise exception 'the period is not available' using errcode = 'KHTKN', hint = 'keep waiting';
    end if;
    v_requested.position := 1;
    v_requested.item := 1;

    if p_resource.customer_limit is not null and p_entry.vouched then
        perform core.lock_identity(p_entry.tenant_id, 'customer', (
            select c.mailbox from core.customers as c
            where c.tenant_id = p_entry.tenant_id and c.id = p_entry.customer_id));
    end if;
    v_taken := core.hold_periods(
        v_actor, v_booking_id, p_entry.client_secret_hash,
        pg_catalog.jsonb_build_object('customer', pg_catalog.jsonb_build_object(
            'name', p_entry.customer_name, 'phone', p_entry.customer_phone),
            'locale', p_entry.locale, 'timezone', p_entry.timezone),
        p_entry.customer_id, array[v_requested],
        (select pg_catalog.jsonb_agg(c.id)
        from core.calendars_of(p_resource.tenant_id, p_resource.id) as c));
    if v_taken.p_conflicts <> '{}' then
        raise exception 'the period is not available' using errcode = 'KHTKN', hint = 'keep waiting';
    end if;

    update core.waitlist as w
    set state = 'offered', booking_id = v_booking_id
    where w.tenant_id = p_entry.tenant_id and w.id = p_entry.id
        and w.state is not distinct from 'waiting'; -- otherwise any index of the waitlist might be read

    v_now := core.clock();
    perform pg_catalog.set_config('holdfast.reason', 'offered to the next in the waitlist', true);
    update core.bookings as b
    set hold_expires_at = v_now + v_tenant.offer_minutes * interval '1 minute',
        hold_limit_at = b.hold_limit_at + v_tenant.offer_minutes * interval '1 minute'
    where b.tenant_id = p_entry.tenant_id and b.id = v_booking_id;

    insert into core.effects (
        tenant_id, id, kind, key, booking_id, due_at, created_at, updated_at)
    values (p_entry.tenant_id, core.new_id(), 'notify_offer', 'notify_offer:' || v_booking_id,
        v_booking_id, v_now, v_now, v_now);
end;
$$;
