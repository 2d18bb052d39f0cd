-- core.find_requested_period: one period that is to be held, in one look: what the catalogue says of it, whether
-- the opening hours offer it, and whether it is visibly taken. Null when it cannot be booked at all.
--
-- Grants nothing: what is found may be refused at once, and else is judged again under the lock of the
-- days, by core.broken_rule and core.occupy.
-- Runs as holdfast_system for the same reason as core.occupied_ranges.
--
-- p_starts_at | p_date  the start of a slot, or the local date
-- Locks     none (the caller shares the resource's rules, so that what the catalogue says stays true)
-- Raises    nothing
-- Backstop  none
create or replace function core.find_requested_period(
    p_tenant_id uuid, p_resource_id uuid, p_offering_id uuid, p_tier text, p_package text,
    p_starts_at timestamptz, p_date date, p_at timestamptz)
returns core.requested_period
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off
as $$
declare
    v_requested core.requested_period;
    v_bookable core.bookables;
    v_skipped timestamptz;
begin
    select null::smallint, null::smallint, null::uuid, p_starts_at, p_date, t.period, t.during, k,
        k.confirmation = 'instant' and exists (
            select from core.openings as w
            where w.tenant_id = p_tenant_id and w.resource_id = p_resource_id
                and w.opens_at <= pg_catalog.lower(t.period)
                -- the longest window is a day, which is two where a zone repeats a date
                and w.opens_at > pg_catalog.lower(t.period) - interval '50 hours'
                and core.admits(w, t.period, k.step_minutes)),
        exists (
            select from core.occupancies as u
            cross join lateral (
                select b as booking
                from core.bookings as b
                where b.tenant_id = u.tenant_id and b.id = u.booking_id
                limit 1 -- a search for each, whatever the planner thinks of empty tables
            ) as b
            where u.tenant_id is not distinct from p_tenant_id
                and u.resource_id = p_resource_id and u.during && t.during
                and u.unit <= k.capacity
                and core.owns_time(u, b.booking, p_at))
    into v_requested
    from core.bookables as k
    cross join lateral (
        select p.period, core.with_buffers(
            pg_catalog.lower(p.period), pg_catalog.upper(p.period),
            k.buffer_before_minutes, k.buffer_after_minutes) as during
        from (
            select core.period(
                k.booking_mode, k.timezone, k.duration_minutes, p_starts_at, p_date) as period
            offset 0 -- computed once
        ) as p
        offset 0
    ) as t
    where k.tenant_id = p_tenant_id and k.resource_id = p_resource_id
        and k.offering_id = p_offering_id and k.tier = p_tier and k.package = p_package;
    if not found then
        return null;
    end if;

    if v_requested.period is null then
        v_requested.during := null;
        v_requested.offered := false;
        v_requested.taken := false;
    elsif pg_catalog.isempty(v_requested.period) then
        -- of a date that its zone skipped, where it would be
        v_bookable := v_requested.bookable;
        v_skipped := core.local_instant(p_date::timestamp, v_bookable.timezone, 'start');
        v_requested.during := core.with_buffers(
            v_skipped, v_skipped, v_bookable.buffer_before_minutes, v_bookable.buffer_after_minutes);
        v_requested.offered := false;
        v_requested.taken := false;
    elsif not v_requested.offered and (v_requested.bookable).confirmation = 'instant' then
        v_requested.offered := exists ( -- not compiled that far?
            select from core.openings_of(
                core.resource_of(v_requested.bookable), pg_catalog.lower(v_requested.period),
                pg_catalog.lower(v_requested.period) + interval '1 microsecond') as w
            where core.admits(w, v_requested.period, (v_requested.bookable).step_minutes));
    end if;
    if v_requested.taken
        and ((v_requested.bookable).capacity > 1 or (v_requested.bookable).group_size is not null)
    then
        v_requested.taken := core.places_left(
            core.resource_of(v_requested.bookable), core.offering_of(v_requested.bookable),
            pg_catalog.lower(v_requested.period), pg_catalog.upper(v_requested.period), p_at) < 1;
    end if;
    return v_requested;
end;
$$;
