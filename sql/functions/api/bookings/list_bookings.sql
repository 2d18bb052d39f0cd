-- api.list_bookings: the tenant's bookings in order of their start, a page at a time.
--
-- p_filters {"resource_id", "status", "starts_from", "starts_before"}, each optional; with
--           {"reference"}, as a person typed it, only the booking that has it
-- p_after   {"starts_at", "id"} of the last booking of the page before, or null
-- p_limit   rows a page
-- Returns   {"bookings": […], "next": {"starts_at", "id"} | null}
--
-- Locks     none
-- Raises    KHAUT · KHDEN secret key needed
-- Backstop  row-level security
create or replace function api.list_bookings(
    p_actor jsonb, p_filters jsonb, p_after jsonb, p_limit integer)
returns jsonb
language plpgsql volatile security definer
set enable_sort = off
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'booking.list');
    v_resource_id uuid := (p_filters ->> 'resource_id')::uuid;
    v_from timestamptz := coalesce((p_filters ->> 'starts_from')::timestamptz, '-infinity');
    v_before timestamptz := coalesce((p_filters ->> 'starts_before')::timestamptz, 'infinity');
    v_status text := p_filters ->> 'status';
    v_reference text := core.read_reference(p_filters ->> 'reference');
    v_after_at timestamptz := coalesce((p_after ->> 'starts_at')::timestamptz, '-infinity');
    v_no_id constant uuid := '00000000-0000-0000-0000-000000000000'; -- before any there is
    v_after_id uuid := coalesce((p_after ->> 'id')::uuid, v_no_id);
    v_page core.bookings[];
begin
    if p_filters ->> 'reference' is not null then
        -- a stretch of one, so that the index of references yields it and no other does
        select pg_catalog.array_agg(p) into v_page
        from (
            select * from core.bookings as b
            where (b.reference, b.tenant_id) >= (v_reference, v_actor.tenant_id)
                and (b.reference, b.tenant_id) <= (v_reference, v_actor.tenant_id)
            order by b.reference, b.tenant_id
            limit 1
        ) as p
        where (v_resource_id is null or p.resource_id = v_resource_id)
            and (v_status is null or p.status = v_status)
            and p.starts_at >= v_from and p.starts_at < v_before;
        return pg_catalog.jsonb_build_object(
            'bookings', coalesce((
                select pg_catalog.jsonb_agg(core.booking_json(b))
                from pg_catalog.unnest(v_page) as b), '[]'),
            'next', null);
    end if;

    -- one lower bound: of two, an index search may begin at the lesser and read all the past between
    if v_from > v_after_at then
        v_after_at := v_from;
        v_after_id := v_no_id;
    end if;

    -- two statements, because each has an index that yields its order; the second is bounded by all
    -- columns of its own, so that the index of starts, of which it would read too much, yields none
    if v_resource_id is null then
        select pg_catalog.array_agg(p order by p.starts_at, p.id) into v_page
        from (
            select * from core.bookings as b
            where b.tenant_id = v_actor.tenant_id
                and (b.starts_at, b.id) > (v_after_at, v_after_id)
                and b.starts_at < v_before
                and (v_status is null or b.status = v_status)
            order by b.starts_at, b.id
            limit p_limit + 1
        ) as p;
    else
        select pg_catalog.array_agg(p order by p.starts_at, p.id) into v_page
        from (
            select * from core.bookings as b
            where b.tenant_id = v_actor.tenant_id
                and (b.resource_id, b.starts_at, b.id) > (v_resource_id, v_after_at, v_after_id)
                and (b.resource_id, b.starts_at) < (v_resource_id, v_before)
                and (v_status is null or b.status = v_status)
            order by b.resource_id, b.starts_at, b.id
            limit p_limit + 1
        ) as p;
    end if;

    return pg_catalog.jsonb_build_object(
        'bookings', coalesce((
            select pg_catalog.jsonb_agg(core.booking_json(b))
            from pg_catalog.unnest(v_page[: p_limit]) as b), '[]'),
        'next', case when pg_catalog.cardinality(v_page) > p_limit then
            pg_catalog.jsonb_build_object(
                'starts_at', v_page[p_limit].starts_at, 'id', v_page[p_limit].id)
        end);
end;
$$;
