-- api.begin_checkout: the attempt to pay that the caller should continue: for a hold, or for the
-- difference of a reschedule.
--
-- p_key     the client's idempotency key
-- p_request {"success_url", "cancel_url"}
-- p_version the version the client has seen (If-Match), or null
-- Returns   {"next": "create" | "open" | "close", "booking": …, "checkout": …, "effect": … | null}
--           create: make the session with the row's parameters and key, then attach it
--           open:   the session is there; answer its address
--           close:  another session is still payable; perform the effect, then begin again
--
-- Two tabs that ask for the same addresses get the same session. Other addresses need another
-- session, and the old one is made unpayable first: one payable session at a time.
--
-- Locks     the booking; the effect that closes the old checkout, or the request key
-- Raises    KHAUT · KHNTF · KHVER · KHKEY · KHRET · KHAMT
--           KHEXP · KHPGS · KHSTA  see core.require_cart_leader, core.require_payable, core.require_renewal
-- Backstop  checkouts_one_payable_per_booking, idempotency_keys_pkey
create or replace function api.begin_checkout(
    p_actor jsonb, p_booking_id uuid, p_key text, p_request jsonb, p_version integer)
returns jsonb
language plpgsql volatile security definer
set lock_timeout = '3s'
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'checkout.begin');
    v_booking core.bookings := core.lock_booking(v_actor, p_booking_id);
    v_now timestamptz := core.clock();
    v_fingerprint bytea := core.fingerprint(
        p_request || pg_catalog.jsonb_build_object('booking_id', p_booking_id));
    v_earlier uuid := core.replayed(
        v_actor, 'begin_checkout', p_booking_id, p_key, v_fingerprint);
    v_reschedule core.reschedules;
    v_checkout core.checkouts;
    v_effect jsonb;
begin
    -- a repeat of a successful call need not have the version that it changed itself
    if v_earlier is null then
        perform core.require_version(v_booking, p_version);
    end if;
    perform core.require_cart_leader(v_booking);
    perform core.require_return_addresses(
        v_actor, array[p_actor ->> 'booking_page'], p_request);
    v_reschedule := core.pending_reschedule(v_booking);
    v_checkout := core.payable_checkout(v_booking);
    perform core.require_payable(v_booking, v_reschedule, v_checkout, v_now);

    if v_checkout.id is not null and (
        v_checkout.close_reason = 'superseded'
        or v_checkout.reschedule_id is distinct from v_reschedule.id
        or v_checkout.stripe_session_expires_at < v_now + interval '2 minutes'
        or v_checkout.parameters ->> 'success_url' <> p_request ->> 'success_url'
        or v_checkout.parameters ->> 'cancel_url' <> p_request ->> 'cancel_url')
    then
        perform core.require_renewal(v_actor, v_booking, v_reschedule, v_now);
        v_effect := core.close_checkout(v_checkout, 'superseded', 30);
        perform core.still_authorized(v_actor);
        return pg_catalog.jsonb_build_object(
            'next', 'close', 'booking', core.booking_json(v_booking),
            'checkout', core.checkout_json(v_checkout), 'effect', v_effect);
    elsif v_checkout.id is null then
        perform core.require_renewal(v_actor, v_booking, v_reschedule, v_now);
        v_checkout := core.new_checkout(
            v_booking, v_reschedule, p_request ->> 'success_url', p_request ->> 'cancel_url',
            core.may_delay(
                v_actor, least(core.first_start(v_booking), v_reschedule.starts_at), v_now));
    end if;

    insert into core.idempotency_keys (
        tenant_id, caller, operation, subject, key, fingerprint, result_id, created_at)
    values (
        v_actor.tenant_id, v_actor.caller, 'begin_checkout', p_booking_id, p_key, v_fingerprint,
        v_checkout.id, v_now)
    on conflict (tenant_id, caller, operation, subject, key) do update set result_id = excluded.result_id
        where idempotency_keys.fingerprint = excluded.fingerprint;
    if not found then
        perform core.replayed( -- raises KHKEY
            v_actor, 'begin_checkout', p_booking_id, p_key, v_fingerprint);
    end if;

    perform core.still_authorized(v_actor);
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = v_actor.tenant_id and b.id = p_booking_id;
    return pg_catalog.jsonb_build_object(
        'next', case v_checkout.state when 'open' then 'open' else 'create' end,
        'booking', core.booking_json(v_booking),
        'checkout', core.checkout_json(v_checkout), 'effect', null);
end;
$$;
