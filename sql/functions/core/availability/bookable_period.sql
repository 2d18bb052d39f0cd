-- core.bookable_period: the offered period that starts at this time; null when a rule refuses it.
--
-- Whether it is still free, and whether a limit is reached, is not asked here.
--
-- Locks     none (the caller holds the resource's days)
-- Raises    nothing
-- Backstop  none
create or replace function core.bookable_period(
    p_resource core.resources, p_offering core.offerings,
    p_starts_at timestamptz, p_date date, p_at timestamptz)
returns tstzrange
language plpgsql stable
as $$
declare
    v_period record := core.period_of(p_resource, p_offering, p_starts_at, p_date);
begin
    if v_period.starts_at is not null
        and exists ( -- neither was archived, nor the one taken from the other, while we waited
            select from core.resource_offerings as ro
            join core.resources as r on r.tenant_id = ro.tenant_id and r.id = ro.resource_id
            join core.offerings as o on o.tenant_id = ro.tenant_id and o.id = ro.offering_id
            where ro.tenant_id = p_resource.tenant_id and ro.resource_id = p_resource.id
                and ro.offering_id = p_offering.id
                and r.archived_at is null and o.archived_at is null)
        and exists (
            select from core.bookable_periods(
                p_resource, p_offering,
                v_period.starts_at, v_period.starts_at + interval '1 microsecond', p_at) as s
            where s.starts_at = v_period.starts_at)
        and not exists (
            select from core.blocked_ranges(
                p_resource.id,
                core.occupied_range_of(p_resource, p_offering, v_period.starts_at, v_period.ends_at)))
    then
        return pg_catalog.tstzrange(v_period.starts_at, v_period.ends_at, '[)');
    end if;
    return null;
end;
$$;
