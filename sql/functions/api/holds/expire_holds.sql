-- api.expire_holds: end what has passed its deadline, in small batches; any number of copies may
-- run.
--
-- A held time is free at once. A paying one first has its checkout closed at the provider (the
-- outbox does it), and is released with the provider's answer. Only a delayed payment cannot be closed:
-- once its time has begun the booking expires, and a later payment is refunded.
--
-- Holds without a checkout are ended all at once, a tenant's in one statement; should that
-- fail, and whatever is being paid, is tried row by row. A row that cannot be done stops no other: it is
-- passed over for a while (core.pass_over). The same for a change that waits for its payment; its booking
-- stays.
--
-- p_limit   bookings a call, and changes
-- Returns   {"expired": n, "closing": n, "more": boolean}
--
-- Runs as holdfast_system: it works across tenants.
--
-- Locks     up to p_limit bookings, skipping those that are locked; their tenants' fences; the effects
--           that close their checkouts; as core.expire_reschedules
-- Raises    40001, 40P01  the batch lost to another transaction, and is to be repeated
-- Backstop  trigger bookings_100_guard_transition
create or replace function api.expire_holds(p_limit integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_now timestamptz := core.clock();
    v_tenant_id uuid;
    v_plain uuid[]; -- held alone: no checkout, no cart
    v_rest uuid[];
    v_id uuid;
    v_booking core.bookings;
    v_checkout core.checkouts;
    v_start timestamptz;
    v_looked integer := 0;
    v_entered boolean := false; -- else the same rows would be asked for again
    v_expired integer := 0;
    v_closing integer := 0;
    v_changes record;
begin
    <<tenants>>
    for v_tenant_id, v_plain, v_rest in
        with due as materialized (
            select b.tenant_id, b.id, b.hold_expires_at, b.status = 'held' and b.cart_id is null as plain
            from core.bookings as b
            where b.hold_expires_at <= v_now and b.position = 1 -- the others follow the first
                and core.is_here(b.tenant_id)
                and not core.passed_over('expire_holds', b.tenant_id, b.id, v_now)
            order by b.hold_expires_at
            limit p_limit
            for no key update skip locked
        )
        select d.tenant_id,
            coalesce(pg_catalog.array_agg(d.id) filter (where d.plain), '{}'),
            coalesce(pg_catalog.array_agg(d.id) filter (where not d.plain), '{}')
        from due as d
        group by d.tenant_id
        order by pg_catalog.min(d.hold_expires_at), d.tenant_id
    loop
        v_looked := v_looked + pg_catalog.cardinality(v_plain || v_rest);
        continue when not core.try_enter_tenant(v_tenant_id, 'sweep', null, null);
        v_entered := true;
        begin
            v_expired := v_expired + core.expire_together(v_tenant_id, v_plain, 'the hold ran out');
        exception when others then
            v_rest := v_plain || v_rest; -- which of them it was is found out one by one
        end;

        foreach v_id in array v_rest loop
            begin
                select * into v_booking
                from core.bookings as b
                where b.tenant_id = v_tenant_id and b.id = v_id;
                v_checkout := core.payable_checkout(v_booking);
                v_start := core.first_start(v_booking);
                v_now := core.clock();

                if v_checkout.id is null then
                    perform core.transition_booking(v_booking, 'expired', 'the hold ran out');
                    v_expired := v_expired + 1;
                elsif v_checkout.state = 'pending' and v_start <= v_now then
                    perform core.transition_booking(
                        v_booking, 'expired', 'the time began before its payment had a result');
                    v_expired := v_expired + 1;
                else
                    perform core.close_checkout(v_checkout, 'deadline', 0);
                    -- look again later, so that one unreachable checkout does not fill every batch
                    perform core.extend_hold(
                        v_booking, core.look_again(v_start, v_now), 'closing its checkout');
                    v_closing := v_closing + 1;
                end if;
            exception when others then
                perform core.pass_over('expire_holds', v_tenant_id, v_id, sqlstate, sqlerrm);
                exit tenants when sqlstate = '55P03'; -- it has waited; what is done so far stays done
            end;
        end loop;
    end loop;

    v_changes := core.expire_reschedules(p_limit);
    return pg_catalog.jsonb_build_object(
        'expired', v_expired + v_changes.expired,
        'closing', v_closing + v_changes.closing,
        'more', v_looked = p_limit and v_entered
            or v_changes.expired + v_changes.closing = p_limit);
end;
$$;
