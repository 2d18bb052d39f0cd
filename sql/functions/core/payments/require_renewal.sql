-- core.require_renewal: refuse another payment page that would come too late to be paid, that would
-- keep an unpaid time for longer than the tenant allows, or that is one too many.
--
-- p_reschedule  the reschedule that is to be paid, or none
-- Locks     none (the caller holds the booking's row)
-- Raises    KHEXP  the time begins within five minutes, or the page would outlive the limit
--           KHPGS  as many pages were made for it as the tenant allows; detail is {"limit", "retry_after"}
-- Backstop  none
create or replace function core.require_renewal(
    p_actor core.actor, p_booking core.bookings, p_reschedule core.reschedules, p_at timestamptz)
returns void
language plpgsql stable
as $$
declare
    v_limit timestamptz := p_booking.hold_limit_at;
    -- both times of a reschedule: the difference cannot be paid once either has begun
    v_start timestamptz := least(core.first_start(p_booking), p_reschedule.starts_at);
    v_tenant core.tenants := p_actor.tenant;
begin
    if p_reschedule.id is not null then
        v_limit := p_reschedule.created_at + v_tenant.hold_limit_minutes * interval '1 minute';
    end if;

    if core.last_page(v_start) < p_at then
        raise exception 'the booking starts too soon to be paid'
            using errcode = 'KHEXP', hint = 'choose a time that starts in five minutes or later';
    elsif core.stripe_session_expiry(p_at) > v_limit then
        raise exception 'the time cannot be kept unpaid any longer'
            using errcode = 'KHEXP', hint = 'pay on the open payment page, or choose another time';
    elsif coalesce(p_reschedule.payment_pages, p_booking.payment_pages)
        >= v_tenant.payment_pages_per_hold
    then
        raise exception 'the limit of payment pages for this booking is reached'
            using errcode = 'KHPGS',
                detail = pg_catalog.jsonb_build_object(
                    'limit', v_tenant.payment_pages_per_hold,
                    -- then it is over, and the time can be requested again
                    'retry_after', greatest(1, core.seconds_since(
                        p_at, coalesce(p_reschedule.expires_at, p_booking.hold_expires_at))))::text;
    end if;
end;
$$;
