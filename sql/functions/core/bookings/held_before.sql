-- core.held_before: the answer of create_hold to a repeat: the first call's bookings as they are
-- now.
--
-- p_booking_id  the first booking of that call
-- Locks     none
-- Raises    40001  the booking was deleted, and its request key with it, while we looked; the caller
--           repeats
-- Backstop  none
create or replace function core.held_before(p_actor core.actor, p_booking_id uuid)
returns jsonb
language plpgsql stable
as $$
declare
    v_first core.bookings;
    v_email text;
begin
    select * into v_first
    from core.bookings as b
    where b.tenant_id = p_actor.tenant_id and b.id = p_booking_id;
    if not found then
        raise exception 'the booking has been deleted'
            using errcode = '40001', hint = 'call again';
    end if;
    select c.email into v_email
    from core.customers as c
    where c.tenant_id = v_first.tenant_id and c.id = v_first.customer_id;

    if v_first.cart_id is null then
        return core.held_json(array[v_first], v_email);
    end if;
    return core.held_json(array(
        select b
        from core.bookings as b
        where b.tenant_id = v_first.tenant_id and b.cart_id = v_first.cart_id
        order by b.position), v_email);
end;
$$;
