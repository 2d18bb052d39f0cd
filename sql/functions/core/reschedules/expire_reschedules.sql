-- core.expire_reschedules: expire the reschedules whose payment has not come in time, in a small
-- batch.
--
-- One that can still be paid first has its checkout closed at the provider, as a hold has; one that waits
-- for a delayed payment expires once the old or the new time has begun.
--
-- p_limit   reschedules a call
-- Locks     up to p_limit bookings, skipping those that are locked; their tenants' fences
-- Raises    40001, 40P01
-- Backstop  reschedules_pending_has_deadline
create or replace function core.expire_reschedules(
    p_limit integer, out expired integer, out closing integer)
language plpgsql volatile
as $$
declare
    v_booking core.bookings;
    v_reschedule core.reschedules;
    v_checkout core.checkouts;
    v_start timestamptz;
    v_now timestamptz := core.clock();
begin
    expired := 0;
    closing := 0;
    for v_booking in
        select b.* from core.bookings as b
        join core.reschedules as c on c.tenant_id = b.tenant_id and c.booking_id = b.id
        where c.expires_at <= v_now
            and core.is_here(b.tenant_id)
            and not core.passed_over('expire_reschedules', b.tenant_id, b.id, v_now)
        order by c.expires_at
        limit p_limit
        for no key update of b skip locked
    loop
        continue when not core.try_enter_tenant(v_booking.tenant_id, 'sweep', null, null);
        begin
            v_reschedule := core.pending_reschedule(v_booking);
            v_checkout := core.payable_checkout(v_booking);
            v_start := least(v_booking.starts_at, v_reschedule.starts_at);
            v_now := core.clock();

            if v_reschedule.expires_at > v_now or v_reschedule.id is null then
                continue; -- another call was first
            elsif v_checkout.reschedule_id is distinct from v_reschedule.id then
                perform core.expire_reschedule(v_booking, v_reschedule, 'the change was not paid in time');
                expired := expired + 1;
            elsif v_checkout.state = 'pending' and v_start <= v_now then
                perform core.expire_reschedule(
                    v_booking, v_reschedule, 'the time began before the payment of the change had a result');
                expired := expired + 1;
            else
                perform core.close_checkout(v_checkout, 'deadline', 0);
                -- try again later, so that one unreachable checkout does not fill every batch
                perform core.extend_reschedule(
                    v_booking, v_reschedule, core.look_again(v_start, v_now), 'closing its checkout');
                closing := closing + 1;
            end if;
        exception when others then
            perform core.pass_over(
                'expire_reschedules', v_booking.tenant_id, v_booking.id, sqlstate, sqlerrm);
            exit when sqlstate = '55P03';
        end;
    end loop;
end;
$$;
