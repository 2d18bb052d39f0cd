-- core.administer_tenant: make a tenant, give it keys, take keys back.
--
-- Granted to no login role: only the migrating user, acting as holdfast_system, can call it. Safe to
-- repeat. Keys are made by whoever wants them; only their hashes come here.
--
-- p_tenant  {"id": uuid, "name": text or null, "add_keys": [{"kind", "hash": hex of SHA-256,
--           "label", "replaces": uuid or absent}], "revoke_keys": [uuid]}; with a name the tenant is
--           made if it is not there yet. A key that replaces another inherits its idempotency keys,
--           so that a request begun with the old one and repeated with the new one has one effect.
--           "return_origins": [text], where payment pages may lead, "delayed_methods",
--           "delayed_method_days" and "payment_pages_per_hold" are changed if they are there
-- Returns   {"id", "name", "return_origins", "delayed_methods",
--           "keys": [{"id", "kind", "label", "created_at", "revoked_at"}]}
--
-- Locks     the tenant's row, to the end of the transaction
-- Raises    KHNTF  no such tenant and no name to make it with, or no such key of it,
--                  or a key of the other kind that is to be replaced
--           KHKEY  one of the hashes is another tenant's
-- Backstop  api_keys_hash_unique, api_keys_hash_is_sha256, tenants_pkey
create or replace function core.administer_tenant(p_tenant jsonb)
returns jsonb
language plpgsql volatile
set search_path = ''
as $$
declare
    v_id uuid := (p_tenant ->> 'id')::uuid;
    v_revoked uuid[] := array(
        select k.value::uuid
        from pg_catalog.jsonb_array_elements_text(p_tenant -> 'revoke_keys') as k);
    v_name text;
    v_pays core.tenants;
begin
    if p_tenant ->> 'name' is not null then
        insert into core.tenants (id, name, created_at)
        values (v_id, p_tenant ->> 'name', core.clock())
        on conflict (id) do nothing;
    end if;

    select t.name into v_name from core.tenants as t where t.id = v_id for no key update;
    if not found then
        raise exception 'there is no such tenant'
            using errcode = 'KHNTF', hint = 'name it to make it';
    end if;

    if exists (
        select from pg_catalog.jsonb_to_recordset(p_tenant -> 'add_keys')
            as a (kind text, replaces uuid)
        where a.replaces is not null and not exists (
            select from core.api_keys as k
            where k.tenant_id = v_id and k.id = a.replaces and k.kind = a.kind)
    ) then
        raise exception 'there is no such key of this tenant and kind to replace'
            using errcode = 'KHNTF', hint = 'the answer lists the keys by their ids';
    end if;

    insert into core.api_keys (tenant_id, id, first_id, kind, key_hash, label, created_at)
    select v_id, core.new_id(),
        (select o.lineage from core.api_keys as o where o.tenant_id = v_id and o.id = k.replaces),
        k.kind, pg_catalog.decode(k.hash, 'hex'), k.label, core.clock()
    from pg_catalog.jsonb_to_recordset(p_tenant -> 'add_keys')
        as k (kind text, hash text, label text, replaces uuid)
    on conflict (key_hash) do nothing;

    if exists (
        select
        from core.api_keys as k
        join pg_catalog.jsonb_to_recordset(p_tenant -> 'add_keys') as a (hash text)
            on k.key_hash = pg_catalog.decode(a.hash, 'hex')
        where k.tenant_id <> v_id
    ) then
        raise exception 'one of the keys is in use'
            using errcode = 'KHKEY', hint = 'make new ones';
    end if;

    if exists (
        select from pg_catalog.unnest(v_revoked) as r (id)
        where not exists (
            select from core.api_keys as k where k.tenant_id = v_id and k.id = r.id)
    ) then
        raise exception 'there is no such key of this tenant'
            using errcode = 'KHNTF', hint = 'the answer lists the keys by their ids';
    end if;

    update core.api_keys as k
    set revoked_at = core.clock()
    where k.tenant_id = v_id and k.id = any (v_revoked) and k.revoked_at is null;

    update core.tenants as t
    set return_origins = case
            when pg_catalog.jsonb_typeof(p_tenant -> 'return_origins') = 'array'
            then array(select pg_catalog.jsonb_array_elements_text(p_tenant -> 'return_origins'))
            else t.return_origins
        end,
        delayed_methods = coalesce(p_tenant ->> 'delayed_methods', t.delayed_methods),
        delayed_method_days = coalesce(
            (p_tenant ->> 'delayed_method_days')::integer, t.delayed_method_days),
        payment_pages_per_hold = coalesce(
            (p_tenant ->> 'payment_pages_per_hold')::integer, t.payment_pages_per_hold)
    where t.id = v_id
    returning * into v_pays;

    return pg_catalog.jsonb_build_object(
        'id', v_id,
        'name', v_name,
        'return_origins', v_pays.return_origins,
        'delayed_methods', v_pays.delayed_methods,
        'keys', (
            select coalesce(pg_catalog.jsonb_agg(
                pg_catalog.jsonb_build_object(
                    'id', k.id, 'kind', k.kind, 'label', k.label,
                    'created_at', k.created_at, 'revoked_at', k.revoked_at)
                order by k.created_at, k.id), '[]')
            from core.api_keys as k
            where k.tenant_id = v_id));
end;
$$;
