-- api.delete_expired_records: delete what is no longer needed, a small batch at a time.
--
-- Tenant after tenant, and of each: waitlist entries that ended, bookings that were never paid with
-- all that hangs on them, idempotency keys, events of Stripe's, done effects without money, old
-- failures of sweeps; each when it is older than the tenant's settings say. What has a payment, a
-- refund, a dispute or a finding stays, and so do effects of money. Any number of copies may run,
-- beside anything else: locked rows are skipped, and left to the next call.
--
-- p_after   where the call before ended ("next" of its answer), or null to begin
-- p_limit   rows that one call looks at
-- Returns   {"places", "bookings", "customers", "requests", "events", "effects",
--           "failures": deleted, "stuck":
--           bookings that something else still refers to, "next": … | null at the end}
--
-- Runs as holdfast_system: it works across tenants.
--
-- Locks     the tenant's fence; of one tenant and one kind: as core.delete_waitlist_entries,
--           core.delete_unpaid; the rows that it deletes, skipping those that are locked
-- Raises    nothing
-- Backstop  foreign keys; tenants_keeps_events and its like; trigger booking_events_append_only
create or replace function api.delete_expired_records(p_after jsonb, p_limit integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s' set enable_sort = off
as $$
declare
    c_kinds constant text[] := array['places', 'bookings', 'requests', 'events', 'effects', 'failures'];
    v_answer jsonb := '{"places": 0, "bookings": 0, "customers": 0, "requests": 0, "events": 0,
        "effects": 0, "failures": 0, "stuck": 0}';
    v_kind integer := coalesce((p_after ->> 'kind')::integer, 1);
    v_after jsonb := p_after;
    v_empty integer := 0;
    v_looked integer;
    v_done jsonb;
    v_tenant core.tenants;
begin
    select * into v_tenant from core.tenants as t where t.id = (p_after ->> 'tenant_id')::uuid;
    loop
        if v_tenant.id is null or v_kind > pg_catalog.cardinality(c_kinds) then
            select * into v_tenant
            from core.tenants as t
            where t.state = 'here'
                and t.id > coalesce(v_tenant.id, '00000000-0000-0000-0000-000000000000')
            order by t.id limit 1;
            if not found then
                return v_answer || '{"next": null}';
            end if;
            v_kind := 1;
        end if;

        if not core.try_enter_tenant(v_tenant.id, 'sweep', null, null) then
            v_kind := pg_catalog.cardinality(c_kinds) + 1; -- it is being moved: the next one
            v_after := null;
            continue;
        end if;
        v_done := case c_kinds[v_kind]
            when 'places' then core.delete_waitlist_entries(v_tenant, v_after, p_limit)
            when 'bookings' then core.delete_unpaid(v_tenant, v_after, p_limit)
            when 'requests' then core.delete_requests(v_tenant, p_limit)
            when 'events' then core.delete_events(v_tenant, p_limit)
            when 'effects' then core.delete_effects(v_tenant, p_limit)
            else core.delete_failures(v_tenant, p_limit)
        end;
        v_looked := (v_done ->> 'looked')::integer;
        v_empty := v_empty + 1;
        v_after := case when v_looked = p_limit then v_done -> 'after' end;
        if v_looked < p_limit then
            v_kind := v_kind + 1;
        end if;
        -- one batch is one transaction, and a call ends even if many tenants have nothing to delete
        if v_looked > 0 or v_empty = 300 then
            return v_answer || (v_done - 'looked' - 'after') || pg_catalog.jsonb_build_object(
                'next', coalesce(v_after, '{}') || pg_catalog.jsonb_build_object(
                    'tenant_id', v_tenant.id, 'kind', v_kind));
        end if;
    end loop;
end;
$$;
