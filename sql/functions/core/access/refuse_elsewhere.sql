-- core.refuse_elsewhere: refuse what was not found, if another database answers for the tenant that it
-- names: there it may be found.
--
-- Locks     none
-- Raises    KHMOV  the tenant was here, or is to be
-- Backstop  none
create or replace function core.refuse_elsewhere(p_tenant_id uuid)
returns void
language plpgsql volatile
as $$
begin
    if exists (select from core.tenants as t where t.id = p_tenant_id and t.state <> 'here') then
        perform core.raise_moved();
    end if;
end;
$$;
