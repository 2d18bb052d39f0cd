-- core.line_item: one period of a checkout, as Stripe shows and charges it.
--
-- Source    Stripe API, POST /v1/checkout/sessions, line_items
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.line_item(p_booking core.bookings)
returns jsonb
language plpgsql stable
as $$
declare
    v_offering core.offerings;
    v_resource core.resources;
begin
    select * into v_resource from core.resources as r
    where r.tenant_id = p_booking.tenant_id and r.id = p_booking.resource_id;
    select * into v_offering from core.offerings as o
    where o.tenant_id = p_booking.tenant_id and o.id = p_booking.offering_id;

    return pg_catalog.jsonb_build_object(
        'quantity', 1,
        'price_data', pg_catalog.jsonb_build_object(
            'currency', pg_catalog.lower(p_booking.currency),
            'unit_amount', p_booking.amount,
            'product_data', pg_catalog.jsonb_build_object(
                'name', v_offering.name || ' · ' || v_resource.name,
                'description', case
                    when p_booking.booked_on is not null
                    then pg_catalog.to_char(p_booking.booked_on, 'YYYY-MM-DD')
                    else pg_catalog.to_char(
                        p_booking.starts_at at time zone v_resource.timezone, 'YYYY-MM-DD HH24:MI')
                        || ' (' || v_resource.timezone || ')'
                end)));
end;
$$;
