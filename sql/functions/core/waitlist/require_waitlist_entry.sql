-- core.require_waitlist_entry: a waitlist entry, for an actor that may see it.
--
-- Its secret ends as a booking's does: core.tenants.secret_days after the end of the booking it was
-- offered, or after it ended itself.
--
-- Locks     none
-- Raises    KHNTF  no such entry for this actor
-- Backstop  row-level security
create or replace function core.require_waitlist_entry(p_actor core.actor, p_entry_id uuid)
returns core.waitlist
language plpgsql volatile
as $$
declare
    v_entry core.waitlist;
begin
    select * into v_entry
    from core.waitlist as w
    where w.tenant_id = p_actor.tenant_id and w.id = p_entry_id;

    if not found
        or p_actor.scope is distinct from 'tenant'
            and (p_actor.booking_secret_hash is distinct from v_entry.client_secret_hash
                or v_entry.state not in ('waiting', 'offered')
                    and coalesce((
                            select b.ends_at from core.bookings as b
                            where b.tenant_id = v_entry.tenant_id and b.id = v_entry.booking_id),
                        v_entry.updated_at) < core.clock() - (p_actor.tenant).secret_days * interval '24 hours')
    then
        raise exception 'no such waitlist entry'
            using errcode = 'KHNTF',
                hint = 'check the id, and send the entry''s client_secret as Booking-Secret';
    end if;
    return v_entry;
end;
$$;
