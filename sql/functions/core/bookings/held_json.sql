-- core.held_json: the answer of create_hold: the first booking, with all that are held with it.
--
-- p_bookings  all of them, in order of position, as they are now
-- p_email     their customer's
-- Returns   the first booking, with "bookings": all in order, "total": {"amount", "currency"}, and
--           "secret_key_id": the key that its secret is derived with
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.held_json(p_bookings core.bookings[], p_email text)
returns jsonb
language plpgsql stable
as $$
declare
    v_first core.bookings := p_bookings[1];
    v_ids uuid[];
    v_total bigint := v_first.amount;
    v_all jsonb;
begin
    if v_first.cart_id is null then
        v_all := pg_catalog.jsonb_build_array(core.booking_json(v_first, p_email));
    else
        v_ids := array(
            select b.id from pg_catalog.unnest(p_bookings) as b order by b.position);
        select pg_catalog.jsonb_agg(core.booking_json(b, p_email, v_ids) order by b.position),
            pg_catalog.sum(b.amount)
        into v_all, v_total
        from pg_catalog.unnest(p_bookings) as b;
    end if;

    return (v_all -> 0) || pg_catalog.jsonb_build_object(
        'bookings', v_all,
        'secret_key_id', v_first.secret_key_id,
        'total', pg_catalog.jsonb_build_object('amount', v_total, 'currency', v_first.currency));
end;
$$;
