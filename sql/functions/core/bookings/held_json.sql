-- core.held_json: the answer of create_hold, first or repeated: the first booking, with all that are
-- held with it, as they are now.
--
-- Returns   the first booking, with "bookings": all in order, "total": {"amount", "currency"}, and
--           "secret_key_id": the key that its secret is derived with
-- Locks     none
-- Raises    40001  the booking was deleted, and its request key with it, while we looked; the caller
--           repeats
-- Backstop  none
create or replace function core.held_json(p_actor core.actor, p_booking_id uuid)
returns jsonb
language plpgsql stable
as $$
declare
    v_first core.bookings;
    v_bookings jsonb;
begin
    select * into v_first
    from core.bookings as b
    where b.tenant_id = p_actor.tenant_id and b.id = p_booking_id;
    if not found then
        raise exception 'the booking has been deleted'
            using errcode = '40001', hint = 'call again';
    end if;
    if v_first.cart_id is null then
        v_bookings := pg_catalog.jsonb_build_array(core.booking_json(v_first));
    else
        select pg_catalog.jsonb_agg(core.booking_json(b) order by b.position) into v_bookings
        from core.bookings as b
        where b.tenant_id = v_first.tenant_id and b.cart_id = v_first.cart_id;
    end if;

    return (v_bookings -> 0) || pg_catalog.jsonb_build_object(
        'bookings', v_bookings,
        'secret_key_id', v_first.secret_key_id,
        'total', pg_catalog.jsonb_build_object(
            'amount', core.cart_total(v_first), 'currency', v_first.currency));
end;
$$;
