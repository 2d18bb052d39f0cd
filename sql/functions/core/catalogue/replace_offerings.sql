-- core.replace_offerings: replace the offerings of a resource.
--
-- One that was booked here cannot be removed, since its bookings refer to it; it can be archived.
--
-- Locks     none (the caller has the resource's rules)
-- Raises    KHNTF  no such offering · KHUSE an offering to be removed was booked or waited for here
-- Backstop  resource_offerings_offering_mode, bookings_resource_has_offering
create or replace function core.replace_offerings(
    p_tenant_id uuid, p_resource_id uuid, p_offering_ids uuid[])
returns void
language plpgsql volatile
as $$
begin
    if exists (
        select from pg_catalog.unnest(p_offering_ids) as w (id)
        where not exists (
            select from core.offerings as o
            where o.tenant_id = p_tenant_id and o.id = w.id and (o.archived_at is null or exists (
                select from core.resource_offerings as ro
                where ro.tenant_id = p_tenant_id and ro.resource_id = p_resource_id
                    and ro.offering_id = w.id))))
    then
        raise exception 'no such offering'
            using errcode = 'KHNTF', hint = 'GET /v1/catalogue/offerings lists them';
    end if;

    if exists (
        select from core.resource_offerings as ro
        where ro.tenant_id = p_tenant_id and ro.resource_id = p_resource_id
            and ro.offering_id <> all (p_offering_ids)
            and (exists (
                select from core.bookings as b
                where b.tenant_id = p_tenant_id and b.resource_id = p_resource_id
                    and b.offering_id = ro.offering_id)
            or exists (
                select from core.waitlist as l
                where l.tenant_id = p_tenant_id and l.resource_id = p_resource_id
                    and l.offering_id = ro.offering_id)))
    then
        raise exception 'an offering to be removed has bookings at this resource'
            using errcode = 'KHUSE', hint = 'archive the offering, or keep it';
    end if;

    delete from core.resource_offerings as ro
    where ro.tenant_id = p_tenant_id and ro.resource_id = p_resource_id
        and ro.offering_id <> all (p_offering_ids);
    insert into core.resource_offerings (tenant_id, resource_id, offering_id, booking_mode)
    select p_tenant_id, p_resource_id, w.id, r.booking_mode
    from core.resources as r, pg_catalog.unnest(p_offering_ids) as w (id)
    where r.tenant_id = p_tenant_id and r.id = p_resource_id
    on conflict do nothing;
end;
$$;
