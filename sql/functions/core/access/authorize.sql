-- core.authorize: the only door. Who is this, and may they, in the transaction that acts.
--
-- p_actor      {"key_hash": hex of SHA-256, "booking_secret_hash": hex or absent, "request_id": text,
--              "address_hash": hex or absent, "secret_key_id": text or absent}
-- p_capability what they want to do; sql/grants.sql says which kind of credential may
--
-- Returns   the actor, with the scope of the capability and the tenant's settings, so that no function
--           after this one reads them again. Its `caller` is whose idempotency keys it uses: all
--           servers of a tenant share theirs, the browsers of each publishable key have their own,
--           which its successors inherit
--
-- A browser can do what its publishable key may, and what a booking's secret may. Whether the secret
-- it sent is the right one is asked where the booking is read (core.require_booking_access), and none at
-- all is a wrong one: the booking then looks as if it did not exist.
--
-- Runs as holdfast_system: the tenant is not known before the key is found. It only reads.
--
-- Locks     the tenant's fence, shared
-- Raises    KHMOV  the tenant is being moved, or another database answers for it
--           KHAUT  no such key, or it was revoked
--           KHDEN  the key is genuine but may not do this
-- Backstop  row-level security: without a tenant no row is visible
create or replace function core.authorize(p_actor jsonb, p_capability text)
returns core.actor
language plpgsql volatile security definer
set search_path = ''
as $$
declare
    v_actor core.actor;
begin
    select k.tenant_id, k.kind, k.id,
        decode(p_actor ->> 'booking_secret_hash', 'hex'),
        -- a server's address is its own, not its customers'
        case when k.kind <> 'secret' then decode(p_actor ->> 'address_hash', 'hex') end,
        case k.kind when 'secret' then 'secret' else k.kind || ':' || k.lineage end,
        -- which key a new secret was derived with; code that knows of one key has the first
        coalesce(p_actor ->> 'secret_key_id', '1'),
        case k.kind when 'secret' then 'server' else 'customer' end,
        c.scope
    into v_actor.tenant_id, v_actor.role, v_actor.key_id, v_actor.booking_secret_hash,
        v_actor.address_hash, v_actor.caller, v_actor.secret_key_id, v_actor.side, v_actor.scope
    from core.api_keys as k
    left join lateral (
        select c.scope
        from core.capabilities as c
        where c.capability = p_capability
            and (c.kind = k.kind or c.kind = 'booking_secret' and k.kind = 'publishable')
        order by c.scope = 'own' -- the wider scope, of two
        limit 1
    ) as c on true
    where k.key_hash = decode(p_actor ->> 'key_hash', 'hex')
        and k.revoked_at is null;

    if not found then
        raise exception 'the API key is unknown or revoked'
            using errcode = 'KHAUT';
    end if;

    v_actor.tenant := core.bind_tenant(
        v_actor.tenant_id, v_actor.role, v_actor.key_id, p_actor ->> 'request_id');
    if (v_actor.tenant).id is null then
        perform core.raise_moved();
    end if;

    if v_actor.scope is null then
        raise exception 'a % key cannot be used for this', v_actor.role
            using errcode = 'KHDEN';
    end if;
    return v_actor;
end;
$$;
