-- api.offer_waiting: offer what has become free to those who wait for it, in small batches; any
-- number of copies may run.
--
-- What a transaction frees is offered when it commits (core.serve_waitlist). This finds what that
-- left, and what became free in other ways: new hours, a deleted blackout, more units. Each entry
-- is tried once in half a minute; one whose time has begun, or that has ended, is over.
--
-- p_limit   entries a call
-- Returns   {"offered": n, "lapsed": n, "more": boolean}
--
-- Runs as holdfast_system: it works across tenants.
--
-- Locks     up to p_limit entries, skipping those that are locked; their tenants' fences; as
--           core.make_offers, so only free days
-- Raises    40001, 40P01  the batch lost to another transaction, and is to be repeated
-- Backstop  occupancies_no_overlap
create or replace function api.offer_waiting(p_limit integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_entry core.waitlist;
    v_resource core.resources;
    v_offering core.offerings;
    v_starts tstzrange;
    v_now timestamptz := core.clock();
    v_looked integer := 0;
    v_entered boolean := false; -- else the same rows would be asked for again
    v_offered integer := 0;
    v_lapsed integer := 0;
begin
    for v_entry in
        select * from core.waitlist as w
        where w.state = 'waiting' and (w.looked_at is null or w.looked_at <= v_now - interval '30 seconds')
            and core.is_here(w.tenant_id)
            and not core.passed_over('offer_waiting', w.tenant_id, w.id, v_now)
        order by w.looked_at nulls first, w.id
        limit p_limit
        for update skip locked
    loop
        v_looked := v_looked + 1;
        continue when not core.try_enter_tenant(v_entry.tenant_id, 'sweep', null, null);
        v_entered := true;
        begin
            select * into v_resource
            from core.resources as r
            where r.tenant_id = v_entry.tenant_id and r.id = v_entry.resource_id;
            select * into v_offering
            from core.offerings as o
            where o.tenant_id = v_entry.tenant_id and o.id = v_entry.offering_id;
            v_starts := core.waited_starts(v_entry.starts_at, v_entry.on_date, v_resource.timezone);

            if least(pg_catalog.upper(v_starts), v_entry.ends_at) <= v_now then
                update core.waitlist as w
                set state = 'lapsed'
                where w.tenant_id = v_entry.tenant_id and w.id = v_entry.id and w.state = 'waiting';
                v_lapsed := v_lapsed + 1;
                continue;
            end if;

            update core.waitlist as w
            set looked_at = v_now
            where w.tenant_id = v_entry.tenant_id and w.id = v_entry.id;
            if exists (
                select from core.free_slots(
                    v_resource, v_offering, pg_catalog.lower(v_starts), pg_catalog.upper(v_starts), v_now))
            then
                begin
                    v_offered := v_offered + core.make_offers(
                        v_resource, core.waited_range(v_entry, v_resource, v_offering));
                exception when lock_not_available then
                    null; -- another transaction has it: next time
                end;
            end if;
        exception when others then
            perform core.pass_over('offer_waiting', v_entry.tenant_id, v_entry.id, sqlstate, sqlerrm);
            exit when sqlstate = '55P03';
        end;
    end loop;

    return pg_catalog.jsonb_build_object(
        'offered', v_offered, 'lapsed', v_lapsed, 'more', v_looked = p_limit and v_entered);
end;
$$;
