-- core.lock_rules: lock the rules of resources exclusively: no booking of theirs is made meanwhile.
--
-- A booking holds the lock shared (core.share_rules) until it commits. So a change of the rules sees every
-- booking made before it, and every later one is made under the new rules.
--
-- Locks     the rules of each resource, in order of id, to the end of the transaction
-- Raises    nothing (55P03 when the caller's lock_timeout passes)
-- Backstop  none
create or replace function core.lock_rules(p_resource_ids uuid[])
returns void
language plpgsql volatile
as $$
declare
    v_resource_id uuid;
begin
    for v_resource_id in select distinct r from pg_catalog.unnest(p_resource_ids) as r order by 1 loop
        perform pg_catalog.pg_advisory_xact_lock(
            pg_catalog.hashtextextended('rules:' || v_resource_id, 0));
    end loop;
end;
$$;
