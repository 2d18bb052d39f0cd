-- core.reschedule_expired: has a booking's reschedule passed its deadline, and can it no longer be
-- paid?
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.reschedule_expired(
    p_tenant_id uuid, p_booking_id uuid, p_at timestamptz)
returns boolean
language plpgsql stable
as $$
begin
    return exists (
        select from core.reschedules as c
        where c.tenant_id = p_tenant_id and c.booking_id = p_booking_id
            and c.state = 'pending' and c.expires_at <= p_at
            and not exists (
                select from core.checkouts as k
                where k.tenant_id = c.tenant_id and k.reschedule_id = c.id
                    and k.state in ('creating', 'open', 'pending')));
end;
$$;
