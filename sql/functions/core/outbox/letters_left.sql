-- core.letters_left: how many letters a mailbox may be sent now: a few in 24 hours while it is
-- unproved, and more once it is proved.
--
-- Locks     none (the caller holds the mailbox's letters)
-- Raises    nothing
-- Backstop  none: a count is not a constraint; the lock makes it one
create or replace function core.letters_left(
    p_tenant_id uuid, p_mailbox text, p_proved boolean, p_at timestamptz)
returns integer
language plpgsql stable
set enable_sort = off
as $$
declare
    v_customers uuid[] := array(
        select c.id from core.customers as c
        where c.tenant_id = p_tenant_id and c.mailbox = p_mailbox);
begin
    return (
        select case when p_proved then t.letters_per_proved else t.letters_per_unproved end
        from core.tenants as t where t.id = p_tenant_id
    ) - (
        select pg_catalog.count(*)
        from pg_catalog.unnest(v_customers) as c (id)
        cross join lateral (
            select
            from core.effects as e
            where e.tenant_id = p_tenant_id
                and (e.customer_id, e.sent_at) > (c.id, p_at - interval '24 hours')
                and (e.customer_id, e.sent_at) <= (c.id, 'infinity'::timestamptz)
                and e.sent_at is not null
            order by e.customer_id, e.sent_at
            offset 0
        ) as sent);
end;
$$;
