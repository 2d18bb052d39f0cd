-- core.require_customer: the customer with this e-mail address, made if necessary.
--
-- A new booking never changes an existing customer's record; each booking keeps the name and phone
-- that were given for it.
--
-- Locks     the customer's row, for key share: it is neither erased nor deleted before the booking is
--           made
-- Raises    nothing (55P03 when the caller's lock_timeout passes)
-- Backstop  customers_email_unique
create or replace function core.require_customer(
    p_actor core.actor, p_customer jsonb, p_at timestamptz)
returns core.customers
language plpgsql volatile
as $$
declare
    v_email text := pg_catalog.lower(p_customer ->> 'email');
    v_customer core.customers;
begin
    loop
        select * into v_customer
        from core.customers as c
        where c.tenant_id = p_actor.tenant_id and c.email = v_email
        for key share;
        if found then
            return v_customer;
        end if;

        insert into core.customers (tenant_id, id, email, name, phone, created_at, updated_at)
        values (p_actor.tenant_id, core.new_id(), v_email, p_customer ->> 'name',
            p_customer ->> 'phone', p_at, p_at)
        on conflict (tenant_id, email) do nothing
        returning * into v_customer;
        if found then
            return v_customer;
        end if;
    end loop;
end;
$$;
