-- core.limit_holder: refuse another hold, or place in the waitlist, to a customer or a network
-- address that has as many as the tenant allows.
--
-- A customer is a mailbox: an address with a tag (ada+2@…) is the same person. What is counted are
-- holds that are not paid and have not run out, those of one request once, and places in the
-- waitlist. An offer is a hold that was a place, and is made without asking here.
--
-- p_address_hash  the actor's address_hash; null is not limited
-- p_wanted        how many more
--
-- Locks     the identities: the address, then the customer's mailbox; before any day
-- Raises    KHLIM  too many; detail is {"retry_after": seconds until the first hold ends}
-- Backstop  none: a count is not a constraint; the locks make it one
create or replace function core.limit_holder(
    p_actor core.actor, p_customer_id uuid, p_address_hash bytea, p_wanted integer)
returns void
language plpgsql volatile
as $$
declare
    v_tenant core.tenants;
    v_mailbox text;
    v_customers uuid[];
    v_now timestamptz;
    v_held integer;
    v_waiting integer;
    v_ends_at timestamptz;
begin
    select c.mailbox into v_mailbox
    from core.customers as c
    where c.tenant_id = p_actor.tenant_id and c.id = p_customer_id;

    if p_address_hash is not null then
        perform core.lock_identity(
            p_actor.tenant_id, 'address', pg_catalog.encode(p_address_hash, 'hex'));
    end if;
    perform core.lock_identity(p_actor.tenant_id, 'customer', v_mailbox);
    v_now := core.clock();

    select * into v_tenant from core.tenants as t where t.id = p_actor.tenant_id;
    select pg_catalog.array_agg(c.id) into v_customers
    from core.customers as c
    where c.tenant_id = p_actor.tenant_id and c.mailbox = v_mailbox;

    -- one customer after the other: for several at once it might read those of the whole tenant
    select coalesce(pg_catalog.sum(h.held), 0), pg_catalog.min(h.ends_at) into v_held, v_ends_at
    from pg_catalog.unnest(v_customers) as c (id)
    cross join lateral (
        select pg_catalog.count(*) as held, pg_catalog.min(b.hold_expires_at) as ends_at
        from core.bookings as b
        where b.tenant_id = p_actor.tenant_id and b.customer_id = c.id
            and b.position = 1 and b.hold_expires_at is not null
            and (b.status = 'paying' or b.hold_expires_at > v_now)) as h;
    select coalesce(pg_catalog.sum(p.places), 0) into v_waiting
    from pg_catalog.unnest(v_customers) as c (id)
    cross join lateral (
        select pg_catalog.count(*) as places
        from core.waitlist as w
        where w.tenant_id = p_actor.tenant_id and w.customer_id = c.id
            and w.state = 'waiting') as p;
    if v_held + v_waiting + p_wanted > v_tenant.live_holds_per_customer then
        perform core.raise_too_many_holds('customer', v_ends_at, v_now);
    end if;

    if p_address_hash is not null then
        select pg_catalog.count(*), pg_catalog.min(b.hold_expires_at) into v_held, v_ends_at
        from core.bookings as b
        where b.tenant_id = p_actor.tenant_id and b.address_hash = p_address_hash
            and b.position = 1 and b.hold_expires_at is not null
            and (b.status = 'paying' or b.hold_expires_at > v_now);
        select pg_catalog.count(*) into v_waiting
        from core.waitlist as w
        where w.tenant_id = p_actor.tenant_id and w.address_hash = p_address_hash
            and w.state = 'waiting';
        if v_held + v_waiting + p_wanted > v_tenant.live_holds_per_address then
            perform core.raise_too_many_holds('network address', v_ends_at, v_now);
        end if;
    end if;
end;
$$;
