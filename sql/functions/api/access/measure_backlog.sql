-- api.measure_backlog: how late the sweeps are, and what waits for a person.
--
-- Returns   {"now": RFC 3339,
--           "effect_lag_seconds": how long the effect that is due longest has been due,
--           "effect_age_seconds": age of the oldest effect whose last attempt failed,
--           "hold_lag_seconds": how far past its deadline the oldest hold or reschedule is,
--           "offer_lag_seconds": how long the waitlist entry that waits longest has not been looked at,
--           "calendar_lag_seconds": how overdue the oldest calendar is,
--           "effects_dead", "refunds_failed": how many, up to 1000; refunds that were
--           replaced do not count
--           "sweep_rows_failing": rows that a sweep skips now, up to 1000
--           "calendars_stale": calendars that failed five times in a row or more, up to 1000}
--           Seconds are 0 where nothing waits. Tenants that are not here do not count.
--
-- Runs as holdfast_system: it looks across tenants.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function api.measure_backlog()
returns jsonb
language plpgsql volatile security definer
set enable_sort = off
as $$
declare
    v_now timestamptz := core.clock();
    v_effect_due timestamptz;
    v_effect_made timestamptz;
    v_hold timestamptz;
    v_reschedule timestamptz;
    v_looked timestamptz;
    v_calendar timestamptz;
begin
    select e.due_at into v_effect_due
    from core.effects as e
    where e.state = 'pending' and e.due_at <= v_now and core.is_here(e.tenant_id)
    order by e.due_at limit 1;

    select e.created_at into v_effect_made
    from core.effects as e
    where e.state = 'pending' and e.last_error is not null and core.is_here(e.tenant_id)
    order by e.created_at limit 1;

    select b.hold_expires_at into v_hold
    from core.bookings as b
    where b.hold_expires_at <= v_now and core.is_here(b.tenant_id)
    order by b.hold_expires_at limit 1;

    select c.expires_at into v_reschedule
    from core.reschedules as c
    where c.expires_at <= v_now and core.is_here(c.tenant_id)
    order by c.expires_at limit 1;

    -- api.offer_waiting looks at each once in half a minute
    select coalesce(w.looked_at, w.created_at) + interval '30 seconds' into v_looked
    from core.waitlist as w
    where w.state = 'waiting' and core.is_here(w.tenant_id)
    order by w.looked_at nulls first, w.id limit 1;

    select c.due_at into v_calendar
    from core.calendars as c
    where c.due_at <= v_now and core.is_here(c.tenant_id)
    order by c.due_at limit 1;

    return pg_catalog.jsonb_build_object(
        'now', core.utc(v_now),
        'effect_lag_seconds', core.seconds_since(v_effect_due, v_now),
        'effect_age_seconds', core.seconds_since(v_effect_made, v_now),
        'hold_lag_seconds', core.seconds_since(least(v_hold, v_reschedule), v_now),
        'offer_lag_seconds', core.seconds_since(v_looked, v_now),
        'calendar_lag_seconds', core.seconds_since(v_calendar, v_now),
        'effects_dead', (
            select pg_catalog.count(*)
            from (
                select from core.effects as e
                where e.state = 'dead' and core.is_here(e.tenant_id)
                order by e.updated_at limit 1000) as d),
        'refunds_failed', (
            select pg_catalog.count(*)
            from (
                select from core.refunds as r
                where r.status = 'failed' and r.replaced_by is null and core.is_here(r.tenant_id)
                order by r.updated_at limit 1000) as f),
        'sweep_rows_failing', (
            select pg_catalog.count(*)
            from (
                select from core.sweep_failures as p
                where p.retry_at > v_now and core.is_here(p.tenant_id)
                order by p.retry_at limit 1000) as o),
        'calendars_stale', (
            select pg_catalog.count(*)
            from (
                select from core.calendars as c
                where c.failures >= 5 and core.is_here(c.tenant_id)
                order by c.failures limit 1000) as s));
end;
$$;
