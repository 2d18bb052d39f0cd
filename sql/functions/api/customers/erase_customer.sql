-- api.erase_customer: erase a customer; bookings, payments and history stay, without a name.
--
-- A customer is a mailbox, as for api.export_customer. Erasing twice is erasing once, and an
-- unknown customer counts as erased.
--
-- p_request {"email"}
-- Returns   {"customers", "bookings", "places", "letters": how many}
--
-- Locks     the customers by id, so that no booking is made for them meanwhile; their bookings, those of a
--           cart after its first; their waitlist entries, without waiting: a transaction that offers one a
--           time waits for its customer
-- Raises    KHAUT · KHDEN secret key needed
--           KHCIU  the customer has bookings ahead, or a refund under way; detail is {"obstacles":
--           [{"booking_id", "reason"}, …]}, at most 20
--           55P03  an entry is being offered a time, or a lock was not free within 3 s
-- Backstop  customers_email_unique
create or replace function api.erase_customer(p_actor jsonb, p_request jsonb)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    c_erased constant text := 'erased';
    v_actor core.actor := core.authorize(p_actor, 'customer.erase');
    v_mailbox text := core.mailbox_of(p_request ->> 'email');
    v_customers uuid[] := '{}';
    v_bookings core.bookings[] := '{}';
    v_places uuid[] := '{}';
    v_results uuid[] := '{}'; -- of request keys
    v_obstacles jsonb := '[]';
    v_id uuid;
    v_one core.bookings;
    v_deleted integer;
    v_letters integer := 0;
    v_now timestamptz;
begin
    for v_id in
        select i.id
        from pg_catalog.unnest(array(
            select c.id from core.customers as c
            where c.tenant_id = v_actor.tenant_id and c.mailbox = v_mailbox)) as i (id)
        order by i.id
    loop
        perform from core.customers as c
        where c.tenant_id = v_actor.tenant_id and c.id = v_id
            and c.mailbox = v_mailbox -- or it was erased meanwhile
        for update;
        if found then
            v_customers := v_customers || v_id;
        end if;
    end loop;

    for v_id in
        select b.id
        from pg_catalog.unnest(v_customers) as c (id)
        cross join lateral (
            select b.id, b.cart_id, b.position
            from core.bookings as b
            where b.tenant_id = v_actor.tenant_id and b.customer_id = c.id
            limit 1000000) as b
        order by coalesce(b.cart_id, b.id), b.position
    loop
        select * into v_one
        from core.bookings as b
        where b.tenant_id = v_actor.tenant_id and b.id = v_id
        for no key update;
        v_bookings := v_bookings || v_one;
    end loop;
    for v_id in
        select w.id
        from pg_catalog.unnest(v_customers) as c (id)
        cross join lateral (
            select w.id
            from core.waitlist as w
            where w.tenant_id = v_actor.tenant_id and w.customer_id = c.id
            limit 1000000) as w
    loop
        perform from core.waitlist as w
        where w.tenant_id = v_actor.tenant_id and w.id = v_id
        for update nowait;
        v_places := v_places || v_id;
    end loop;

    perform core.still_authorized(v_actor);
    v_now := core.clock();
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'booking_id', o.id, 'reason', o.reason)), '[]') into v_obstacles
    from (
        select b.id, r.reason
        from pg_catalog.unnest(v_bookings) as b
        cross join lateral core.erasure_obstacles(b, v_now) as r (reason)
        limit 20
    ) as o;
    if v_obstacles <> '[]' then
        raise exception using
            errcode = 'KHCIU',
            detail = pg_catalog.jsonb_build_object('obstacles', v_obstacles)::text;
    end if;

    perform pg_catalog.set_config('holdfast.reason', 'the customer was erased', true);
    foreach v_one in array v_bookings loop
        update core.bookings as b
        set customer_name = c_erased, customer_phone = null, notes = null, address_hash = null,
            locale = null, timezone = null
        where b.tenant_id = v_actor.tenant_id and b.id = v_one.id;
        update core.checkouts as c
        set parameters = c.parameters - 'customer_email'
        where c.tenant_id = v_actor.tenant_id and c.booking_id = v_one.id;
        delete from core.effects as e
        where e.tenant_id = v_actor.tenant_id and e.booking_id = v_one.id
            and e.kind = 'notify_offer';
        get diagnostics v_deleted = row_count;
        v_letters := v_letters + v_deleted;
        v_results := v_results || v_one.id || array(
            select c.id from core.checkouts as c
            where c.tenant_id = v_actor.tenant_id and c.booking_id = v_one.id);
    end loop;
    foreach v_id in array v_places loop
        update core.waitlist as w
        set customer_name = c_erased, customer_phone = null, address_hash = null, locale = null,
            timezone = null, state = case when w.state = 'waiting' then 'left' else w.state end
        where w.tenant_id = v_actor.tenant_id and w.id = v_id;
    end loop;
    -- the hash of a request shows whether a name and an address were in it: it is replaced
    foreach v_id in array v_results || v_places loop
        update core.idempotency_keys as k
        set fingerprint = pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid()))
        where k.tenant_id = v_actor.tenant_id and k.result_id = v_id;
    end loop;
    foreach v_id in array v_customers loop
        update core.customers as c
        set email = c_erased || '-' || c.id || '@invalid', name = c_erased, phone = null
        where c.tenant_id = v_actor.tenant_id and c.id = v_id;
    end loop;
    perform core.still_authorized(v_actor);
    return pg_catalog.jsonb_build_object(
        'customers', pg_catalog.cardinality(v_customers),
        'bookings', pg_catalog.cardinality(v_bookings),
        'places', pg_catalog.cardinality(v_places),
        'letters', v_letters);
end;
$$;
