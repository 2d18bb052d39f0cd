-- core.delete_idle_customers: delete those of these customers who have no booking and no waitlist
-- entry left.
--
-- Returns   how many there were
-- Locks     none (the caller holds the customers, by core.lock_idle_customers)
-- Raises    nothing
-- Backstop  bookings_customer_exists, waitlist_customer_exists
create or replace function core.delete_idle_customers(p_tenant_id uuid, p_ids uuid[])
returns integer
language plpgsql volatile
as $$
declare
    v_id uuid;
    v_deleted integer := 0;
begin
    foreach v_id in array p_ids loop
        continue when exists (
            select from core.bookings as b
            where b.tenant_id = p_tenant_id and b.customer_id = v_id
            order by b.id limit 1);
        continue when exists (
            select from core.waitlist as w
            where w.tenant_id = p_tenant_id and w.customer_id = v_id
            order by w.id limit 1);
        delete from core.customers as c where c.tenant_id = p_tenant_id and c.id = v_id;
        v_deleted := v_deleted + 1;
    end loop;
    return v_deleted;
end;
$$;
