-- core.awaited: could any waitlist entry have some of this time now?
--
-- Checked after an expired hold has been cleared away: the time then belongs to the first in the
-- waitlist. Only a check; the offer is made when the transaction that frees the time commits.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.awaited(p_resource core.resources, p_during tstzrange)
returns boolean
language plpgsql stable
set enable_sort = off
as $$
declare
    v_now timestamptz := core.clock();
    v_entry core.waitlist;
    v_offering core.offerings;
    v_starts tstzrange;
begin
    for v_entry in
        select * from core.waitlist as w
        where w.tenant_id = p_resource.tenant_id and w.resource_id = p_resource.id
            and w.state = 'waiting' and w.ends_at > v_now
        order by w.created_at, w.id
    loop
        select * into v_offering
        from core.offerings as o
        where o.tenant_id = v_entry.tenant_id and o.id = v_entry.offering_id;
        v_starts := core.waited_starts(v_entry.starts_at, v_entry.on_date, p_resource.timezone);
        if core.waited_range(v_entry, p_resource, v_offering) && p_during
            and exists (
                select from core.free_slots(
                    p_resource, v_offering, pg_catalog.lower(v_starts), pg_catalog.upper(v_starts),
                    v_now) as s
                where core.widened(p_resource, v_offering, s.starts_at, s.ends_at) && p_during)
        then
            return true;
        end if;
    end loop;
    return false;
end;
$$;
