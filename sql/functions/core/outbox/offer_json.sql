-- core.offer_json: the content of the letter about an offer. Wall-clock times are the resource's.
--
-- It contains no stranger's text: "name" is null while the mailbox is unproved, and otherwise the
-- name that came with the proof. "page_url" and "publishable_keys" (hexadecimal hashes of the
-- tenant's live ones) decide where its link leads.
--
-- Returns   null once no letter is needed: the offer was accepted, released or has expired
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.offer_json(p_tenant_id uuid, p_booking_id uuid)
returns jsonb
language plpgsql volatile
as $$
declare
    c_format constant text := 'FMDay, FMDD FMMonth YYYY, HH24:MI';
    v_entry core.waitlist;
    v_booking core.bookings;
    v_resource core.resources;
    v_offering core.offerings;
    v_tenant core.tenants;
    v_customer core.customers;
begin
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_tenant_id and b.id = p_booking_id;
    if v_booking.status <> 'held' or v_booking.hold_expires_at <= core.clock() then
        return null;
    end if;

    select * into v_entry
    from core.waitlist as w
    where w.tenant_id = v_booking.tenant_id and w.booking_id = v_booking.id;
    select * into v_resource
    from core.resources as r
    where r.tenant_id = v_booking.tenant_id and r.id = v_booking.resource_id;
    select * into v_offering
    from core.offerings as o
    where o.tenant_id = v_booking.tenant_id and o.id = v_booking.offering_id;

    select * into v_tenant from core.tenants as t where t.id = v_booking.tenant_id;
    select * into v_customer
    from core.customers as c
    where c.tenant_id = v_booking.tenant_id and c.id = v_booking.customer_id;

    return pg_catalog.jsonb_build_object(
        'place_id', v_entry.id,
        'secret_key_id', v_entry.secret_key_id,
        'booking_id', v_booking.id,
        'email', v_customer.email,
        'name', case when v_entry.vouched then v_entry.customer_name
            else core.proved_name(v_booking.tenant_id, v_customer.mailbox) end,
        'shop', v_tenant.name,
        'page_url', v_tenant.page_url,
        'publishable_keys', array(
            select pg_catalog.encode(k.key_hash, 'hex')
            from core.api_keys as k
            where k.tenant_id = v_booking.tenant_id and k.kind = 'publishable'
                and k.revoked_at is null
            order by k.id),
        'resource', v_resource.name,
        'offering', v_offering.name,
        'timezone', v_resource.timezone,
        'starts', pg_catalog.to_char(
            v_booking.starts_at at time zone v_resource.timezone,
            case when v_booking.booked_on is null then c_format else 'FMDay, FMDD FMMonth YYYY' end),
        'until', pg_catalog.to_char(
            v_booking.hold_expires_at at time zone v_resource.timezone, c_format));
end;
$$;
