-- api.read_calendar_feed: a resource's bookings, for the holder of the secret address.
--
-- Of the customer it shows the name only: the holder of the address is not authenticated, and
-- calendars are shared.
--
-- p_token_hash SHA-256 of the address's secret part
-- p_tenant_id  the tenant in the address; null: an older address has none
-- Returns      {"resource": {"id", "name", "timezone"}, "bookings": [{"id", "version", "status",
--              "offering", "customer", "starts_at", "ends_at", "updated_at"}, …]}: those that own
--              their time or have been held, from 30 days ago to the resource's horizon, at most
--              5000
--
-- Runs as holdfast_system: the tenant of an older address is not known before the feed is found.
--
-- Locks     none
-- Raises    KHMOV  another database answers for the tenant
--           KHNTF  no such feed, or it was revoked, or its resource is archived
-- Backstop  none
create or replace function api.read_calendar_feed(p_token_hash bytea, p_tenant_id uuid default null)
returns jsonb
language plpgsql volatile security definer
set enable_sort = off
as $$
declare
    v_tenant_id uuid := p_tenant_id;
    v_feed core.calendar_feeds;
    v_resource core.resources;
    v_now timestamptz := core.clock();
begin
    if v_tenant_id is null then
        select f.tenant_id into v_tenant_id
        from core.calendar_feeds as f
        where f.token_hash = p_token_hash;
    end if;
    perform core.refuse_elsewhere(v_tenant_id);
    select * into v_feed
    from core.calendar_feeds as f
    where f.tenant_id = v_tenant_id and f.token_hash = p_token_hash and f.revoked_at is null;
    select * into v_resource
    from core.resources as r
    where r.tenant_id = v_feed.tenant_id and r.id = v_feed.resource_id and r.archived_at is null;
    if not found then
        raise exception 'no such calendar'
            using errcode = 'KHNTF', hint = 'ask for a new address; this one is no longer valid';
    end if;

    return pg_catalog.jsonb_build_object(
        'resource', pg_catalog.jsonb_build_object(
            'id', v_resource.id, 'name', v_resource.name, 'timezone', v_resource.timezone),
        'bookings', coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                'id', b.id, 'version', b.version, 'status', b.status,
                'offering', (
                    select o.name from core.offerings as o
                    where o.tenant_id = b.tenant_id and o.id = b.offering_id),
                'customer', b.customer_name,
                'starts_at', core.utc(b.starts_at), 'ends_at', core.utc(b.ends_at),
                'updated_at', core.utc(b.updated_at)) order by b.starts_at, b.id)
            from (
                select * from core.bookings as b
                -- bounded by all columns of one index, so that no other yields the order
                where b.tenant_id = v_resource.tenant_id
                    and (b.resource_id, b.starts_at)
                        >= (v_resource.id, v_now - interval '720 hours')
                    and (b.resource_id, b.starts_at) <= (
                        v_resource.id,
                        v_now + v_resource.horizon_days * interval '24 hours')
                    and (core.is_live(b.status) or b.status in ('ended', 'completed'))
                    and (b.status <> 'held' or b.hold_expires_at > v_now)
                order by b.resource_id, b.starts_at, b.id
                limit 5000
            ) as b), '[]'));
end;
$$;
