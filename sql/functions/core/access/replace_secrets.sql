-- core.replace_secrets: give bookings and entries other secrets; the old ones are then invalid.
--
-- p_rows    [{"kind", "tenant_id", "id", "hash": hex of SHA-256}, …] as core.old_secrets names them
-- Returns   how many bookings and entries have another secret now
--
-- Called as holdfast_system by the migrating function; no login reaches it.
--
-- Locks     the tenants' fences; the bookings, those of a cart after its first, and the entries, one after
--           the other
-- Raises    nothing (55P03 when a lock is not free within 3 s)
-- Backstop  bookings_secret_is_sha256
create or replace function core.replace_secrets(p_key_id text, p_rows jsonb)
returns integer
language plpgsql volatile
set search_path = '' set lock_timeout = '3s' set enable_seqscan = off
as $$
declare
    v_row record;
    v_replaced integer := 0;
    v_count integer;
begin
    for v_row in
        select *
        from pg_catalog.jsonb_to_recordset(p_rows)
            as r (kind text, tenant_id uuid, id uuid, hash text)
    loop
        continue when not core.try_enter_tenant(
            v_row.tenant_id, 'operator', null, 'operator:replace_secrets');
        perform pg_catalog.set_config('holdfast.reason', 'the secret was replaced', true);
        if v_row.kind = 'booking' then
            update core.bookings as b
            set client_secret_hash = pg_catalog.decode(v_row.hash, 'hex'), secret_key_id = p_key_id
            where b.tenant_id = v_row.tenant_id and b.id = v_row.id
                and b.secret_key_id <> p_key_id;
            get diagnostics v_count = row_count;
            v_replaced := v_replaced + v_count;
            update core.bookings as b
            set client_secret_hash = pg_catalog.decode(v_row.hash, 'hex'), secret_key_id = p_key_id
            where b.tenant_id = v_row.tenant_id and b.cart_id = v_row.id and b.position > 1
                and b.secret_key_id <> p_key_id;
        else
            update core.waitlist as w
            set client_secret_hash = pg_catalog.decode(v_row.hash, 'hex'), secret_key_id = p_key_id
            where w.tenant_id = v_row.tenant_id and w.id = v_row.id
                and w.secret_key_id <> p_key_id;
        end if;
        get diagnostics v_count = row_count;
        v_replaced := v_replaced + v_count;
    end loop;
    return v_replaced;
end;
$$;
