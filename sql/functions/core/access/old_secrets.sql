-- core.old_secrets: bookings and entries whose secret is of another key than this one, in order.
--
-- Of a cart only the first is listed. A booking that was offered to an entry has the entry's
-- secret.
--
-- p_after   {"kind", "tenant_id", "id"} of the last one, or null to begin
-- Returns   [{"kind": "booking" | "place", "tenant_id", "id", "place_id"}, …]; empty at the end
--
-- Called as holdfast_system by the migrating function; no login reaches it.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.old_secrets(p_key_id text, p_after jsonb, p_limit integer)
returns jsonb
language plpgsql volatile
set search_path = '' set enable_seqscan = off set enable_sort = off
as $$
declare
    c_none constant uuid := '00000000-0000-0000-0000-000000000000';
    v_tenant_id uuid := coalesce((p_after ->> 'tenant_id')::uuid, c_none);
    v_id uuid := coalesce((p_after ->> 'id')::uuid, c_none);
    v_found jsonb := '[]';
begin
    if coalesce(p_after ->> 'kind', 'booking') = 'booking' then
        select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'kind', 'booking', 'tenant_id', b.tenant_id, 'id', b.id, 'place_id', (
                select w.id from core.waitlist as w
                where w.tenant_id = b.tenant_id and w.booking_id = b.id limit 1))), '[]')
        into v_found
        from (
            select * from core.bookings as b
            where (b.tenant_id, b.id) > (v_tenant_id, v_id) and b.position = 1
                and b.secret_key_id <> p_key_id and core.is_here(b.tenant_id)
            order by b.tenant_id, b.id limit p_limit) as b;
        if v_found <> '[]' then
            return v_found;
        end if;
        v_tenant_id := c_none;
        v_id := c_none;
    end if;
    select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'kind', 'place', 'tenant_id', w.tenant_id, 'id', w.id, 'place_id', w.id)), '[]')
    into v_found
    from (
        select * from core.waitlist as w
        where (w.tenant_id, w.id) > (v_tenant_id, v_id) and w.secret_key_id <> p_key_id
            and core.is_here(w.tenant_id)
        order by w.tenant_id, w.id limit p_limit) as w;
    return v_found;
end;
$$;
