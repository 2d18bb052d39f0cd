-- core.share_rules: share the rules of these resources: they do not change before the end of the
-- transaction, and a transaction that would change them waits.
--
-- Before the catalogue is read, so that nothing has to be read again. All of them before any day:
-- if some were waited for later, a change of two resources between two bookings could cause a
-- deadlock.
--
-- Locks     the rules of each resource, shared, in order of id
-- Raises    nothing (55P03 when the caller's lock_timeout passes)
-- Backstop  none
create or replace function core.share_rules(p_resource_ids uuid[])
returns void
language plpgsql volatile
as $$
declare
    v_resource_id uuid;
begin
    if pg_catalog.cardinality(p_resource_ids) = 1 then
        perform pg_catalog.pg_advisory_xact_lock_shared(
            pg_catalog.hashtextextended('rules:' || p_resource_ids[1], 0));
        return;
    end if;
    for v_resource_id in select distinct r from pg_catalog.unnest(p_resource_ids) as r order by 1 loop
        perform pg_catalog.pg_advisory_xact_lock_shared(
            pg_catalog.hashtextextended('rules:' || v_resource_id, 0));
    end loop;
end;
$$;
