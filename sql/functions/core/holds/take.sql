-- core.take: hold all wanted periods for a customer, as one booking each.
--
-- The caller undoes it all when one could not be had. Periods of named resources are taken first, so
-- that a pool does not give away what another item of the same request names. Resource, offering and
-- price were read before the locks: they are compared with what is now.
--
-- p_booking_id  of the first booking, which carries the money of all
-- p_checked     see core.require_fresh_calendars
-- p_held    what it made, in order of position, as the rows are now
-- p_unmet   {position: 'taken' or the rule, …}; empty when all are held
--
-- Locks     the days of all periods; then as core.occupy (the caller holds the identities)
-- Raises    KHCAL · KHCAU · 55P03
--           40001  the catalogue was changed while we waited for the locks; the caller repeats
-- Backstop  occupancies_no_overlap, occupancies_seat_once
create or replace function core.take(
    p_actor core.actor, p_booking_id uuid, p_secret_hash bytea, p_request jsonb,
    p_customer_id uuid, p_wanted core.wanted[], p_checked jsonb,
    out p_held core.bookings[], out p_unmet jsonb)
language plpgsql volatile
as $$
declare
    v_unchecked boolean := core.require_fresh_calendars(
        array(select distinct (w.resource).id from pg_catalog.unnest(p_wanted) as w),
        p_checked, core.clock());
    v_tenant core.tenants := p_actor.tenant;
    v_one core.wanted;
    v_booking core.bookings;
    v_reason text;
    v_counted uuid := core.counted_customer(p_actor, p_request, p_customer_id);
    v_now timestamptz;
begin
    if not core.await_turn(p_wanted) then
        p_unmet := pg_catalog.jsonb_build_object((p_wanted[1]).position, 'taken');
        return;
    end if;
    p_unmet := '{}';
    v_now := core.clock();
    if exists (
        select from pg_catalog.unnest(p_wanted) as w
        where (w.resource).version is distinct from (
                select r.version from core.resources as r
                where r.tenant_id = p_actor.tenant_id and r.id = (w.resource).id)
            or (w.offering).version is distinct from (
                select o.version from core.offerings as o
                where o.tenant_id = p_actor.tenant_id and o.id = (w.offering).id)
            -- a list of prices is replaced as a whole, and their versions begin anew
            or row((w.price).amount, (w.price).currency) is distinct from (
                select row(p.amount, p.currency) from core.prices as p
                where p.tenant_id = p_actor.tenant_id and p.offering_id = (w.offering).id
                    and p.tier = (w.price).tier and p.package = (w.price).package))
    then
        raise exception 'the catalogue was changed meanwhile'
            using errcode = '40001', hint = 'call again';
    end if;

    for v_one in
        select * from pg_catalog.unnest(p_wanted) as w order by w.pool_id is not null, w.position
    loop
        -- time went by while we waited for the lock: is it still offered?
        v_reason := core.broken_rule(v_one, v_counted, v_now);
        if v_reason is null and (v_one.resource).customer_limit < (
            select pg_catalog.count(*)
            from pg_catalog.unnest(p_wanted) as w
            where (w.resource).id = (v_one.resource).id and w.position <= v_one.position)
            and not core.overrides(p_request, 'customer_limit')
        then
            v_reason := 'customer_limit'; -- by this request alone, whoever asks
        end if;
        if v_reason is null then
            perform pg_catalog.set_config('holdfast.reason', 'held' || coalesce(
                '; limits overridden by the server: ' || (p_request #>> '{override,reason}'), ''), true);
            insert into core.bookings (
                tenant_id, id, cart_id, position, pool_id, resource_id, offering_id, tier, package,
                customer_id, customer_name, customer_phone, notes, vouched, address_hash, locale, timezone,
                starts_at, ends_at, booked_on, buffer_before_minutes, buffer_after_minutes,
                calendar_unchecked, amount, currency, rate_locked_at,
                free_cancel_until, status, hold_expires_at, hold_limit_at,
                client_secret_hash, secret_key_id, created_at, updated_at)
            values (
                p_actor.tenant_id,
                case when v_one.position = 1 then p_booking_id else core.new_id() end,
                case when pg_catalog.cardinality(p_wanted) > 1 then p_booking_id end,
                v_one.position, v_one.pool_id, (v_one.resource).id, (v_one.offering).id,
                (v_one.price).tier, (v_one.price).package,
                p_customer_id, p_request #>> '{customer,name}', p_request #>> '{customer,phone}',
                p_request ->> 'notes', p_actor.side = 'server',
                p_actor.address_hash, p_request ->> 'locale', p_request ->> 'timezone',
                pg_catalog.lower(v_one.period), pg_catalog.upper(v_one.period), v_one.booked_on,
                core.buffer_before(v_one.resource, v_one.offering),
                core.buffer_after(v_one.resource, v_one.offering),
                v_unchecked, (v_one.price).amount, (v_one.price).currency, v_now,
                pg_catalog.lower(v_one.period)
                    - (v_one.offering).free_cancel_hours * interval '1 hour',
                'held', v_now + v_tenant.hold_minutes * interval '1 minute',
                v_now + v_tenant.hold_limit_minutes * interval '1 minute',
                p_secret_hash, p_actor.secret_key_id, v_now, v_now)
            returning * into v_booking;

            if not core.occupy(v_booking, v_one.resource, v_one.offering) then
                v_reason := 'taken';
            elsif (v_one.offering).group_size is not null then
                -- it may have got the buffers of the session that it joined
                select * into v_booking
                from core.bookings as b
                where b.tenant_id = v_booking.tenant_id and b.id = v_booking.id;
            end if;
            p_held[v_one.position] := v_booking;
        end if;
        if v_reason is not null then
            p_unmet := p_unmet || pg_catalog.jsonb_build_object(v_one.position, v_reason);
        end if;
    end loop;
end;
$$;
