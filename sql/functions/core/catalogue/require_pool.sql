-- core.require_pool: a pool of the actor's tenant that can still be booked.
--
-- Locks     none
-- Raises    KHNTF  no such pool
-- Backstop  row-level security
create or replace function core.require_pool(p_actor core.actor, p_pool_id uuid)
returns core.pools
language plpgsql stable
as $$
declare
    v_pool core.pools;
begin
    select * into v_pool
    from core.pools as p
    where p.tenant_id = p_actor.tenant_id and p.id = p_pool_id and p.archived_at is null;

    if not found then
        raise exception 'no such pool' using errcode = 'KHNTF', hint = 'check the pool_id';
    end if;
    return v_pool;
end;
$$;
