-- core.raise_conflicts: refuse a hold, item by item: what is not offered, or else what is taken.
--
-- p_conflicts   {position: 'taken' or the rule, …}, not empty. What is 'taken' is offered: that was judged
--               before, and is not judged again for each of a crowd that lost
-- Locks     none
-- Raises    KHOFF  a period is not offered; detail is {"reason": of the first, "items": [{"item":
--                  position, "starts_at", "reason"}, …]}, of a single period only {"reason"}
--           KHTKN  a period is taken; detail is {"alternatives": to the first, "conflicts": [{"item":
--                  position, "starts_at", "alternatives"}, …]}, of a single period only
--                  {"alternatives"}
-- Backstop  none
create or replace function core.raise_conflicts(
    p_requested core.requested_period[], p_conflicts jsonb, p_customer_id uuid, p_at timestamptz)
returns void
language plpgsql stable
as $$
declare
    v_first core.requested_period := p_requested[1];
    v_resource core.resources;
    v_offering core.offerings;
    v_items jsonb;
begin
    if pg_catalog.cardinality(p_requested) = 1 and v_first.pool_id is null then
        v_resource := core.resource_of(v_first.bookable);
        v_offering := core.offering_of(v_first.bookable);
        if p_conflicts ->> v_first.position::text <> 'taken' then
            perform core.require_offered(
                v_resource, v_offering, v_first.asked_at, v_first.booked_on, p_at);
            perform core.require_limits(v_resource, p_customer_id, v_first.period, p_at);
        end if;
        perform core.raise_taken(v_resource, v_offering, pg_catalog.lower(v_first.period), p_at);
    end if;

    select pg_catalog.jsonb_agg(
        pg_catalog.jsonb_build_object(
            'item', w.position, 'starts_at', core.utc(coalesce(pg_catalog.lower(w.period), w.asked_at)),
            'reason', p_conflicts ->> w.position::text)
        order by w.position)
    into v_items
    from pg_catalog.unnest(p_requested) as w
    where p_conflicts ? w.position::text and p_conflicts ->> w.position::text <> 'taken';
    if v_items is not null then
        raise exception 'the resource does not offer all of these times'
            using errcode = 'KHOFF',
                detail = pg_catalog.jsonb_build_object(
                    'reason', v_items #>> '{0,reason}', 'items', v_items)::text,
                hint = 'leave out or change the times listed in items';
    end if;

    select pg_catalog.jsonb_agg(
        pg_catalog.jsonb_build_object(
            'item', w.position, 'starts_at', core.utc(pg_catalog.lower(w.period)),
            'alternatives', core.alternatives(
                core.resource_of(w.bookable), w.pool_id, core.offering_of(w.bookable),
                pg_catalog.lower(w.period), p_at))
        order by w.position)
    into v_items
    from pg_catalog.unnest(p_requested) as w
    where p_conflicts ? w.position::text;
    raise exception using
        errcode = 'KHTKN',
        detail = pg_catalog.jsonb_build_object(
            'alternatives', v_items #> '{0,alternatives}', 'conflicts', v_items)::text;
end;
$$;
