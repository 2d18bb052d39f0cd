-- core.waitlist_entry_json: a waitlist entry as clients see it.
--
-- position is shown while it waits: 1 is next among those that wait for the same. The offer is
-- core.booking_json of the booking that is being offered, or was.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.waitlist_entry_json(p_entry core.waitlist)
returns jsonb
language plpgsql stable
as $$
declare
    v_booking core.bookings;
begin
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_entry.tenant_id and b.id = p_entry.booking_id;

    return pg_catalog.jsonb_build_object(
        'id', p_entry.id,
        'state', p_entry.state,
        'position', case when p_entry.state = 'waiting' then (
            select pg_catalog.count(*)
            from core.waitlist as w
            where w.tenant_id = p_entry.tenant_id and w.resource_id = p_entry.resource_id
                and w.state = 'waiting'
                and w.starts_at is not distinct from p_entry.starts_at
                and w.on_date is not distinct from p_entry.on_date
                and (w.created_at, w.id) <= (p_entry.created_at, p_entry.id)) end,
        'resource_id', p_entry.resource_id,
        'offering_id', p_entry.offering_id,
        'tier', p_entry.tier,
        'package', p_entry.package,
        'starts_at', core.utc(p_entry.starts_at),
        'date', p_entry.on_date,
        'customer', (
            select pg_catalog.jsonb_build_object(
                'name', p_entry.customer_name, 'email', c.email, 'phone', p_entry.customer_phone)
            from core.customers as c
            where c.tenant_id = p_entry.tenant_id and c.id = p_entry.customer_id),
        'locale', p_entry.locale,
        'timezone', p_entry.timezone,
        'offer', case when v_booking.id is not null then core.booking_json(v_booking) end,
        'ends_at', case when pg_catalog.isfinite(p_entry.ends_at) then core.utc(p_entry.ends_at) end,
        'version', p_entry.version,
        'created_at', core.utc(p_entry.created_at),
        'updated_at', core.utc(p_entry.updated_at));
end;
$$;
