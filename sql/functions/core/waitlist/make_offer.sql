-- core.make_offer: hold the first free period that a waitlist entry waits for, if there is one, for
-- its customer.
--
-- The offer is a booking like any other, at today's price; the secret of the entry opens it. The
-- outbox writes to its customer.
--
-- Locks     the place; as core.may_be_offered; then as core.hold_offered_period
-- Raises    55P03  another transaction has the entry
-- Backstop  occupancies_no_overlap, trigger bookings_910_follow_waitlist
create or replace function core.make_offer(p_resource core.resources, p_entry_id uuid)
returns void
language plpgsql volatile
as $$
declare
    v_entry core.waitlist;
    v_offering core.offerings;
    v_starts tstzrange;
    v_slot record;
begin
    select * into v_entry
    from core.waitlist as w
    where w.tenant_id = p_resource.tenant_id and w.id = p_entry_id
    for update nowait;
    if v_entry.state <> 'waiting' or v_entry.ends_at <= core.clock() then
        return; -- left or served meanwhile, or over
    end if;
    if not v_entry.vouched and not core.may_be_offered(v_entry) then
        return; -- it keeps waiting, and the next in line is tried
    end if;

    begin
        v_offering := core.require_offering(p_resource, v_entry.offering_id);
        perform core.require_price(v_offering, v_entry.tier, v_entry.package);
    exception when sqlstate 'KHNTF' or sqlstate 'KHPRC' or sqlstate 'KHAMT' then
        return; -- not offered any more
    end;

    v_starts := core.waited_starts(v_entry.starts_at, v_entry.on_date, p_resource.timezone);
    for v_slot in
        select s.starts_at, s.booked_on
        from core.free_slots(
            p_resource, v_offering, pg_catalog.lower(v_starts), pg_catalog.upper(v_starts),
            core.clock()) as s
        order by s.starts_at
    loop
        begin
            perform core.hold_offered_period(
                p_resource, v_entry, v_slot.starts_at, v_slot.booked_on);
            return;
        exception when sqlstate 'KHTKN' or sqlstate 'KHCAU' then
            null; -- the next one, then
        end;
    end loop;
end;
$$;
