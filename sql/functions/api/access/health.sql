-- api.health: the database's clock and the schema's version; that it answers is the check.
--
-- Returns   {"now": RFC 3339, "schema_version": number of the newest migration}
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function api.health()
returns jsonb
language plpgsql volatile security definer
as $$
begin
    return pg_catalog.jsonb_build_object(
        'now', core.utc(core.clock()),
        'schema_version', (
            select pg_catalog.max(pg_catalog.substr(m.name, 12, 4)) -- of migrations/NNNN_….sql
            from core.migrations as m
            where m.name like 'migrations/%'));
end;
$$;
