-- core.administer_tenant: make a tenant, give it keys, take keys back, set its page and limits.
--
-- Granted to no login role: only the migrating user, acting as holdfast_system, can call it. Safe to
-- repeat. Keys are made by whoever wants them; only their hashes come here.
--
-- p_tenant  {"id": uuid, "name": text or null, "add_keys": [{"kind", "hash": hex of SHA-256,
--           "label", "replaces": uuid or absent}], "revoke_keys": [uuid]}; with a name the tenant is
--           made if it is not there yet. A key that replaces another inherits its idempotency keys,
--           so that a request begun with the old one and repeated with the new one has one effect.
--           "page_url": text or null, with "page_key_hash", hex of SHA-256 of the key in it or null,
--           "limits": {setting: number or null}, "return_origins": [text], where payment pages may
--           lead, "delayed_methods" and "delayed_method_days" are changed if they are there
-- Returns   {"id", "name", "page_url", "limits": all of them, "return_origins", "delayed_methods",
--           "keys": [{"id", "kind", "label", "created_at", "revoked_at"}]}
--
-- Locks     the tenant's row, to the end of the transaction
-- Raises    KHNTF  no such tenant and no name to make it with, or no such key of it,
--                  or a key of the other kind that is to be replaced
--           KHKEY  one of the hashes is another tenant's, or the page's key is not this tenant's
--           23514  a setting is out of its range
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
    v_tenant core.tenants;
begin
    if p_tenant ->> 'name' is not null then
        insert into core.tenants (id, name, created_at)
        values (v_id, p_tenant ->> 'name', core.clock())
        on conflict (id) do nothing;
    end if;

    select * into v_tenant from core.tenants as t where t.id = v_id for no key update;
    if not found then
        raise exception 'no such tenant'
            using errcode = 'KHNTF', hint = 'give a name to create a tenant';
    end if;

    if exists (
        select from pg_catalog.jsonb_to_recordset(p_tenant -> 'add_keys')
            as a (kind text, replaces uuid)
        where a.replaces is not null and not exists (
            select from core.api_keys as k
            where k.tenant_id = v_id and k.id = a.replaces and k.kind = a.kind)
    ) then
        raise exception 'this tenant has no such key of this kind to replace'
            using errcode = 'KHNTF', hint = 'the answer lists the ids of its keys';
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
        raise exception 'one of the keys is already in use'
            using errcode = 'KHKEY', hint = 'generate new keys';
    end if;

    if exists (
        select from pg_catalog.unnest(v_revoked) as r (id)
        where not exists (
            select from core.api_keys as k where k.tenant_id = v_id and k.id = r.id)
    ) then
        raise exception 'this tenant has no such key'
            using errcode = 'KHNTF', hint = 'the answer lists the ids of its keys';
    end if;

    update core.api_keys as k
    set revoked_at = core.clock()
    where k.tenant_id = v_id and k.id = any (v_revoked) and k.revoked_at is null;

    if p_tenant ->> 'page_key_hash' is not null and not exists (
        select from core.api_keys as k
        where k.tenant_id = v_id and k.kind = 'publishable' and k.revoked_at is null
            and k.key_hash = pg_catalog.decode(p_tenant ->> 'page_key_hash', 'hex'))
    then
        raise exception 'the key in the page''s address is not a live publishable key of this tenant'
            using errcode = 'KHKEY', hint = 'use one of the tenant''s own keys';
    end if;
    v_tenant := pg_catalog.jsonb_populate_record(
        v_tenant, coalesce(p_tenant -> 'limits', '{}')
            || case when p_tenant ? 'page_url'
                then pg_catalog.jsonb_build_object('page_url', p_tenant -> 'page_url') else '{}' end
            || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
                'return_origins', p_tenant -> 'return_origins',
                'delayed_methods', p_tenant -> 'delayed_methods',
                'delayed_method_days', p_tenant -> 'delayed_method_days')));
    update core.tenants as t
    set page_url = v_tenant.page_url,
        live_holds_per_customer = v_tenant.live_holds_per_customer,
        live_holds_per_address = v_tenant.live_holds_per_address,
        live_holds_per_resource = v_tenant.live_holds_per_resource,
        live_holds_per_day = v_tenant.live_holds_per_day,
        holds_per_hour = v_tenant.holds_per_hour,
        free_lapses = v_tenant.free_lapses,
        places_per_customer = v_tenant.places_per_customer,
        places_per_address = v_tenant.places_per_address,
        places_per_hour = v_tenant.places_per_hour,
        offers_per_address = v_tenant.offers_per_address,
        place_days = v_tenant.place_days,
        letters_per_unproved = v_tenant.letters_per_unproved,
        letters_per_proved = v_tenant.letters_per_proved,
        return_origins = v_tenant.return_origins,
        delayed_methods = v_tenant.delayed_methods,
        delayed_method_days = v_tenant.delayed_method_days,
        payment_pages_per_hold = v_tenant.payment_pages_per_hold,
        rate_reads = v_tenant.rate_reads,
        rate_holds = v_tenant.rate_holds,
        rate_waitlist = v_tenant.rate_waitlist,
        rate_checkouts = v_tenant.rate_checkouts,
        rate_writes = v_tenant.rate_writes,
        rate_mailbox = v_tenant.rate_mailbox,
        rate_key_factor = v_tenant.rate_key_factor
    where t.id = v_id and t is distinct from v_tenant;

    return pg_catalog.jsonb_build_object(
        'id', v_id,
        'name', v_tenant.name,
        'page_url', v_tenant.page_url,
        'return_origins', v_tenant.return_origins,
        'delayed_methods', v_tenant.delayed_methods,
        'limits', pg_catalog.jsonb_build_object(
            'live_holds_per_customer', v_tenant.live_holds_per_customer,
            'live_holds_per_address', v_tenant.live_holds_per_address,
            'live_holds_per_resource', v_tenant.live_holds_per_resource,
            'live_holds_per_day', v_tenant.live_holds_per_day,
            'holds_per_hour', v_tenant.holds_per_hour,
            'free_lapses', v_tenant.free_lapses,
            'places_per_customer', v_tenant.places_per_customer,
            'places_per_address', v_tenant.places_per_address,
            'places_per_hour', v_tenant.places_per_hour,
            'offers_per_address', v_tenant.offers_per_address,
            'place_days', v_tenant.place_days,
            'letters_per_unproved', v_tenant.letters_per_unproved,
            'letters_per_proved', v_tenant.letters_per_proved,
            'payment_pages_per_hold', v_tenant.payment_pages_per_hold,
            'rate_reads', v_tenant.rate_reads,
            'rate_holds', v_tenant.rate_holds,
            'rate_waitlist', v_tenant.rate_waitlist,
            'rate_checkouts', v_tenant.rate_checkouts,
            'rate_writes', v_tenant.rate_writes,
            'rate_mailbox', v_tenant.rate_mailbox,
            'rate_key_factor', v_tenant.rate_key_factor),
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
