-- core.live_periods: the unpaid periods that browsers of one network address hold now, in the order
-- in which they end.
--
-- ends_at   when the period is free again if nothing is paid; one that is being paid is looked at
--           again every minute once its time is over
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.live_periods(
    p_tenant_id uuid, p_address_hash bytea, p_at timestamptz)
returns table (resource_id uuid, starts_at timestamptz, ends_at timestamptz)
language sql stable
rows 10
as $$
    -- bounded and ordered by all columns of its index: otherwise a plan made on empty tables might
    -- begin with all holds of the tenant; callers set enable_sort = off
    select b.resource_id, b.starts_at, case b.status
        when 'held' then b.hold_expires_at
        else greatest(b.hold_expires_at, p_at + interval '1 minute') end
    from core.bookings as b
    where b.tenant_id = p_tenant_id
        and (b.address_hash, b.hold_expires_at) >= (p_address_hash, '-infinity'::timestamptz)
        and (b.address_hash, b.hold_expires_at) <= (p_address_hash, 'infinity'::timestamptz)
        and b.address_hash is not null and b.hold_expires_at is not null
        and (b.status = 'paying' or b.hold_expires_at > p_at)
    order by b.address_hash, b.hold_expires_at
$$;
