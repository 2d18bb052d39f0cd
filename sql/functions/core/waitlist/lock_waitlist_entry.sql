-- core.lock_waitlist_entry: a waitlist entry that this actor may act on, locked to the end of the
-- transaction.
--
-- A secret key reaches every entry of its tenant; a publishable key needs the entry's own secret.
-- An entry out of reach looks just like one that does not exist.
--
-- Locks     the booking that it was offered, if any, for no key update; then the entry
-- Raises    KHNTF  no such entry for this actor
--           40001  it has just been offered a booking: the caller repeats
-- Backstop  row-level security
create or replace function core.lock_waitlist_entry(p_actor core.actor, p_entry_id uuid)
returns core.waitlist
language plpgsql volatile
as $$
declare
    v_seen core.waitlist := core.require_waitlist_entry(p_actor, p_entry_id);
    v_entry core.waitlist;
begin
    perform from core.bookings as b
    where b.tenant_id = v_seen.tenant_id and b.id = v_seen.booking_id
    for no key update;
    select * into v_entry
    from core.waitlist as w
    where w.tenant_id = v_seen.tenant_id and w.id = v_seen.id
    for update;

    if v_entry.booking_id is distinct from v_seen.booking_id then
        raise exception 'the entry has just been offered a booking'
            using errcode = '40001', hint = 'call again';
    end if;
    return v_entry;
end;
$$;
