-- core.require_renewal: refuse another payment page that would keep an unpaid time for longer than
-- the tenant allows, however often it is asked for.
--
-- p_change  the change that is to be paid, or none
-- Locks     none
-- Raises    KHEXP  the page would outlive the limit
-- Backstop  none
create or replace function core.require_renewal(
    p_booking core.bookings, p_change core.changes, p_at timestamptz)
returns void
language plpgsql stable
as $$
declare
    v_limit timestamptz := p_booking.hold_limit_at;
begin
    if p_change.id is not null then
        select p_change.created_at + t.hold_limit_minutes * interval '1 minute' into v_limit
        from core.tenants as t
        where t.id = p_booking.tenant_id;
    end if;

    if core.session_end(p_at) > v_limit then
        raise exception 'the time was kept unpaid for as long as it may be'
            using errcode = 'KHEXP', hint = 'pay on the page that is open, or ask for a time again';
    end if;
end;
$$;
