-- api.export_customer: everything that is stored about a customer, a page of bookings at a time.
--
-- A customer is a mailbox: all rows whose addresses differ only in letter case and tags.
--
-- p_request {"email"}
-- p_after   id of the last booking of the page before, or null; the first page has the other data, too
-- p_limit   bookings a page
-- Returns   {"mailbox", "customers": […], "waitlist": […], "bookings": [core.booking_json and
--           core.booking_books_json in one, …], "next": id | null}
--
-- Locks     none
-- Raises    KHAUT · KHDEN secret key needed
-- Backstop  row-level security
create or replace function api.export_customer(
    p_actor jsonb, p_request jsonb, p_after uuid, p_limit integer)
returns jsonb
language plpgsql volatile security definer
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'customer.export');
    v_mailbox text := core.mailbox_of(p_request ->> 'email');
    v_customers core.customers[];
    v_places core.waitlist[];
    v_page core.bookings[];
begin
    select coalesce(pg_catalog.array_agg(c), '{}') into v_customers
    from core.customers as c
    where c.tenant_id = v_actor.tenant_id and c.mailbox = v_mailbox;

    -- one customer after the other: for several at once it might read those of the whole tenant
    select pg_catalog.array_agg(p order by p.id) into v_page
    from (
        select (b).*
        from pg_catalog.unnest(v_customers) as c
        cross join lateral (
            select b
            from core.bookings as b
            where b.tenant_id = v_actor.tenant_id and b.customer_id = c.id
                and (p_after is null or b.id > p_after)
            order by b.id
            limit p_limit + 1) as b
        order by (b).id
        limit p_limit + 1
    ) as p;
    if p_after is null then
        select pg_catalog.array_agg(w) into v_places
        from pg_catalog.unnest(v_customers) as c
        cross join lateral (
            select *
            from core.waitlist as w
            where w.tenant_id = v_actor.tenant_id and w.customer_id = c.id
            order by w.id limit 10000) as w;
    end if;

    return pg_catalog.jsonb_build_object(
        'mailbox', v_mailbox,
        'customers', case when p_after is null then coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'id', c.id, 'email', c.email, 'name', c.name, 'phone', c.phone,
                'created_at', core.utc(c.created_at)))
            from pg_catalog.unnest(v_customers) as c), '[]') else '[]' end,
        'waitlist', coalesce((
            select pg_catalog.jsonb_agg(core.waitlist_entry_json(w) - 'offer')
            from pg_catalog.unnest(v_places) as w), '[]'),
        'bookings', coalesce((
            select pg_catalog.jsonb_agg(core.booking_json(b) || core.booking_books_json(b))
            from pg_catalog.unnest(v_page[: p_limit]) as b), '[]'),
        'next', case when pg_catalog.cardinality(v_page) > p_limit then v_page[p_limit].id end);
end;
$$;
