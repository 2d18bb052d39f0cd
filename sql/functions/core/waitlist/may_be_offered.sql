-- core.may_be_offered: whether a browser's entry may be offered its time now.
--
-- Not while its network address has as many offers as the tenant allows: offers keep their time for
-- an hour, unpaid. And not if the same customer, from the same address, was offered this very time
-- for another of its entries: two entries do not count as two in the line.
--
-- p_entry   made with a publishable key
-- Locks     the entry's network address (the caller holds the entry; it waits 10 ms at most)
-- Raises    55P03  another request from that address is under way
-- Backstop  none: a count is not a constraint; the lock makes it one
create or replace function core.may_be_offered(p_entry core.waitlist)
returns boolean
language plpgsql volatile
set enable_sort = off
as $$
declare
    v_allowed integer;
    v_now timestamptz;
begin
    if exists (
        select
        from core.waitlist as w
        where w.tenant_id = p_entry.tenant_id
            and (w.resource_id, w.customer_id) >= (p_entry.resource_id, p_entry.customer_id)
            and (w.resource_id, w.customer_id) <= (p_entry.resource_id, p_entry.customer_id)
            and w.state in ('offered', 'booked') and not w.vouched
            and w.offering_id = p_entry.offering_id
            and w.starts_at is not distinct from p_entry.starts_at
            and w.on_date is not distinct from p_entry.on_date
            and w.address_hash is not distinct from p_entry.address_hash
        order by w.resource_id, w.customer_id)
    then
        return false;
    end if;

    if p_entry.address_hash is null then
        return true;
    end if;
    v_allowed := (
        select t.offers_per_address from core.tenants as t where t.id = p_entry.tenant_id);
    if v_allowed is null then
        return true;
    end if;
    perform core.lock_identity(
        p_entry.tenant_id, 'address', pg_catalog.encode(p_entry.address_hash, 'hex'));
    v_now := core.clock();
    return v_allowed > (
        select pg_catalog.count(*)
        from (
            select w.booking_id
            from core.waitlist as w
            where w.tenant_id = p_entry.tenant_id
                and (w.address_hash, w.id)
                    >= (p_entry.address_hash, '00000000-0000-0000-0000-000000000000'::uuid)
                and (w.address_hash, w.id)
                    <= (p_entry.address_hash, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                and w.address_hash is not null and w.state = 'offered'
            order by w.address_hash, w.id
            offset 0
        ) as o
        cross join lateral (
            select b.status, b.hold_expires_at
            from core.bookings as b
            where b.tenant_id = p_entry.tenant_id and b.id = o.booking_id
            limit 1
        ) as b
        where b.status <> 'held' or b.hold_expires_at > v_now);
end;
$$;
