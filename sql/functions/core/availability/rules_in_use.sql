-- core.rules_in_use: the rules by which other bookings refuse one more in a period.
--
-- In a fixed order: taken, buffer, capacity, daily_limit, customer_limit; see api.explain_slot.
-- None of the first three exactly when core.places_left finds a place.
--
-- p_customer_id  whose limit is asked for; or null
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.rules_in_use(
    p_resource core.resources, p_offering core.offerings,
    p_starts_at timestamptz, p_ends_at timestamptz, p_at timestamptz, p_customer_id uuid)
returns table (rule text, detail text, booking_id uuid)
language plpgsql stable
rows 5
as $$
declare
    v_places integer := p_resource.capacity * coalesce(p_offering.group_size, 1);
    v_period tstzrange := pg_catalog.tstzrange(p_starts_at, p_ends_at, '[)');
begin
    if core.places_left(p_resource, p_offering, p_starts_at, p_ends_at, p_at) <= 0 then
        return query
        select f.rule, f.detail, f.booking_id
        from (
            select *, pg_catalog.row_number() over (
                partition by t.rule order by t.starts_at, t.booking_id) as number
            from (
                select distinct b.booking_id, p.starts_at,
                    case when p.touches then 'taken' else 'buffer' end as rule,
                    case when p.touches then 'a booking has this time'
                        else 'the time around a booking is kept free' end as detail
                from core.occupied_ranges(
                    p_resource.id,
                    core.widened(p_resource, p_offering, p_starts_at, p_ends_at), p_at) as b
                cross join lateral ( -- a search for each, whatever the planner thinks of empty tables
                    select k.starts_at, k.ends_at
                    from core.bookings as k
                    where k.tenant_id = p_resource.tenant_id and k.id = b.booking_id
                    limit 1
                ) as k
                left join lateral ( -- to this time, and not paid yet
                    select c.starts_at, c.ends_at
                    from core.reschedules as c
                    where c.tenant_id = p_resource.tenant_id and c.booking_id = b.booking_id
                        and c.state = 'pending'
                        and b.during = core.with_buffers(
                            c.starts_at, c.ends_at,
                            c.buffer_before_minutes, c.buffer_after_minutes)
                    limit 1
                ) as c on true
                cross join lateral (
                    select coalesce(c.starts_at, k.starts_at) as starts_at,
                        v_period && pg_catalog.tstzrange(
                            coalesce(c.starts_at, k.starts_at), coalesce(c.ends_at, k.ends_at), '[)')
                            as touches
                ) as p
                where b.unit <= p_resource.capacity
            ) as t
        ) as f
        where f.number <= 100
        order by f.rule desc, f.number;

        if v_places > 1 then
            rule := 'capacity';
            detail := pg_catalog.format('all %s places are taken', v_places);
            booking_id := null;
            return next;
        end if;
    end if;

    return query
    select l.name, case l.name
        when 'daily_limit' then pg_catalog.format(
            'the resource takes %s bookings on one day', p_resource.daily_limit)
        else pg_catalog.format(
            'a customer has at most %s bookings here that are not over', p_resource.customer_limit)
        end, null::uuid
    from pg_catalog.unnest(core.reached_limits(
        p_resource, p_customer_id, v_period, p_at, null)) as l (name);
end;
$$;
