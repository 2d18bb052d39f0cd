-- core.proved_name: the name that a mailbox is known by, or null while it is unproved.
--
-- Proof is a booking that is paid, or one that a server made. A name typed by a browser for a
-- waitlist entry proves nothing.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.proved_name(p_tenant_id uuid, p_mailbox text)
returns text
language plpgsql stable
set enable_sort = off
as $$
declare
    v_customers uuid[] := array(
        select c.id from core.customers as c
        where c.tenant_id = p_tenant_id and c.mailbox = p_mailbox);
begin
    return (
        select b.customer_name
        from pg_catalog.unnest(v_customers) as c (id)
        cross join lateral (
            select b.customer_name, b.created_at
            from core.bookings as b
            where b.tenant_id = p_tenant_id
                and (b.customer_id, b.created_at) >= (c.id, '-infinity'::timestamptz)
                and (b.customer_id, b.created_at) <= (c.id, 'infinity'::timestamptz)
                and (b.vouched or b.status in ('scheduled', 'active', 'ended', 'completed'))
            order by b.customer_id desc, b.created_at desc
            limit 1
        ) as b
        order by b.created_at desc
        limit 1);
end;
$$;
