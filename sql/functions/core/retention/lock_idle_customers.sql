-- core.lock_idle_customers: those of these customers that no other transaction has locked, locked.
--
-- Deleting bookings or entries locks their customers first, so that the last of two sweeps that
-- take away a customer's rows sees that nothing is left.
--
-- Returns   the ids that are locked, in order
-- Locks     the customers, in order of their ids, skipping those that are locked
-- Raises    nothing
-- Backstop  none
create or replace function core.lock_idle_customers(p_tenant_id uuid, p_ids uuid[])
returns uuid[]
language plpgsql volatile
as $$
declare
    v_id uuid;
    v_locked uuid[] := '{}';
begin
    for v_id in select distinct i.id from pg_catalog.unnest(p_ids) as i (id) order by i.id loop
        perform from core.customers as c
        where c.tenant_id = p_tenant_id and c.id = v_id
        for update skip locked;
        if found then
            v_locked := v_locked || v_id;
        end if;
    end loop;
    return v_locked;
end;
$$;
