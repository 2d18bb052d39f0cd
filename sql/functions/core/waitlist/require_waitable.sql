-- core.require_waitable: refuse to wait for a time that the rules never allow, or that is free.
--
-- p_request  as of api.join_waitlist
--
-- Locks     none
-- Raises    KHOFF  not offered; detail is {"reason": …}
--           KHFRE  it is free; detail is {"alternatives": [slot, …]}, at most five
-- Backstop  none
create or replace function core.require_waitable(
    p_resource core.resources, p_offering core.offerings, p_request jsonb, p_at timestamptz)
returns void
language plpgsql stable
as $$
declare
    v_starts_at timestamptz := (p_request ->> 'starts_at')::timestamptz;
    v_date date := (p_request ->> 'date')::date;
    v_starts tstzrange := core.waited_starts(v_starts_at, v_date, p_resource.timezone);
    v_free jsonb;
begin
    if v_date is null or p_resource.booking_mode = 'date' then
        perform core.require_offered(p_resource, p_offering, v_starts_at, v_date, p_at);
    elsif not exists (
        select from core.bookable_periods(
            p_resource, p_offering, pg_catalog.lower(v_starts), pg_catalog.upper(v_starts), p_at))
    then
        raise exception 'the resource has no bookable times on that day'
            using errcode = 'KHOFF', detail = '{"reason": "closed"}', hint = 'choose another day';
    end if;

    select pg_catalog.jsonb_agg(core.slot_json(f.starts_at, f.ends_at, f.booked_on, f.remaining))
    into v_free
    from (
        select s.*
        from core.free_slots(
            p_resource, p_offering, pg_catalog.lower(v_starts), pg_catalog.upper(v_starts), p_at) as s
        order by s.starts_at
        limit 5
    ) as f;
    if v_free is not null then
        raise exception using
            errcode = 'KHFRE',
            detail = pg_catalog.jsonb_build_object('alternatives', v_free)::text;
    end if;
end;
$$;
