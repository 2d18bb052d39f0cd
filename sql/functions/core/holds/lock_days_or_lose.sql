-- core.lock_days_or_lose: lock the days of all periods that a hold wants; false, with nothing locked, if a
-- single period was waited for and is visibly taken when its turn comes.
--
-- Of a crowd on one time, one request gets it and the others wake up one after the other. It releases
-- the days before it searches for alternatives, so the others do not wait for that search.
--
-- Locks     as core.lock_requested_days
-- Raises    nothing (KHTKN ends here; 55P03 when the caller's lock_timeout passes)
-- Backstop  occupancies_no_overlap
create or replace function core.lock_days_or_lose(p_requested core.requested_period[])
returns boolean
language plpgsql volatile
as $$
declare
    v_one core.requested_period := p_requested[1];
begin
    if pg_catalog.cardinality(p_requested) > 1 then
        perform core.lock_requested_days(p_requested);
    elsif not core.try_lock_days(
        (v_one.resource).id, core.lock_range(v_one.resource, v_one.during))
    then
        perform core.lock_requested_days(p_requested);
        if core.visibly_taken(p_requested, core.clock())
            -- by the rules that hold now; others are the caller's to notice
            and (v_one.resource).version = (
                select r.version from core.resources as r
                where r.tenant_id = (v_one.resource).tenant_id and r.id = (v_one.resource).id)
            and (v_one.offering).version = (
                select o.version from core.offerings as o
                where o.tenant_id = (v_one.offering).tenant_id and o.id = (v_one.offering).id)
        then
            raise exception using errcode = 'KHTKN';
        end if;
    end if;
    return true;
exception
    when sqlstate 'KHTKN' then
        return false; -- the locks of this block ended with it
end;
$$;
