-- core.require_offered: the bookable period that starts at this time, or an error with the rule
-- that refuses it.
--
-- Whether it is still free, and whether a limit is reached, is not asked here.
--
-- Locks     none (the caller holds the resource's days)
-- Raises    KHOFF  not offered; detail is {"reason": the first of core.broken_rules}
-- Backstop  none
create or replace function core.require_offered(
    p_resource core.resources, p_offering core.offerings,
    p_starts_at timestamptz, p_date date, p_at timestamptz)
returns tstzrange
language plpgsql stable
as $$
declare
    v_period tstzrange := core.bookable_period(p_resource, p_offering, p_starts_at, p_date, p_at);
begin
    if v_period is not null then
        return v_period;
    end if;

    raise exception using
        errcode = 'KHOFF',
        detail = pg_catalog.jsonb_build_object('reason', coalesce((
            select r.rule
            from core.broken_rules(p_resource, p_offering, p_starts_at, p_date, p_at) as r
            limit 1), 'closed'))::text;
end;
$$;
