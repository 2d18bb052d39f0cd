-- core.limit_waitlist_entries: limit how many waitlist entries browsers of one network address have
-- and make.
--
-- Entries are counted apart from holds, and end by themselves.
--
-- Locks     none (the caller holds the address)
-- Raises    KHLIM  too many
-- Backstop  none: a count is not a constraint; the lock makes it one
create or replace function core.limit_waitlist_entries(p_actor core.actor)
returns void
language plpgsql volatile
set enable_sort = off
as $$
declare
    v_now timestamptz := core.clock();
    v_tenant core.tenants := p_actor.tenant;
begin
    if v_tenant.places_per_address is not null then
        perform core.require_room(array(
            select w.ends_at
            from core.waitlist as w
            where w.tenant_id = p_actor.tenant_id
                and (w.address_hash, w.ends_at) > (p_actor.address_hash, v_now)
                and (w.address_hash, w.ends_at) <= (p_actor.address_hash, 'infinity'::timestamptz)
                and w.address_hash is not null and w.state = 'waiting'
            order by w.address_hash, w.ends_at),
            1, v_tenant.places_per_address, v_now);
    end if;
    if v_tenant.places_per_hour is not null then
        perform core.require_room(array(
            select w.created_at + interval '1 hour'
            from core.waitlist as w
            where w.tenant_id = p_actor.tenant_id
                and (w.address_hash, w.created_at) > (p_actor.address_hash, v_now - interval '1 hour')
                and (w.address_hash, w.created_at) <= (p_actor.address_hash, 'infinity'::timestamptz)
                and w.address_hash is not null
            order by w.address_hash, w.created_at),
            1, v_tenant.places_per_hour, v_now);
    end if;
end;
$$;
