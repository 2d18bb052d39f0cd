-- api.begin_checkout: the attempt to pay that the caller should now carry on with.
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
-- Locks     core.lock_booking(the booking), to the end of the transaction
-- Raises    KHAUT · KHNTF · KHVER · KHKEY
--           KHEXP  the hold has run out
--           KHSTA  the booking is not waiting for a payment, or one is under way, or it is being
--           released
-- Backstop  checkouts_one_payable_per_booking, idempotency_keys_pkey
create or replace function api.begin_checkout(
    p_actor jsonb, p_booking_id uuid, p_key text, p_request jsonb, p_version integer)
returns jsonb
language plpgsql volatile security definer
set search_path = '' set lock_timeout = '3s' set enable_seqscan = off
as $$
declare
    v_actor core.actor := core.authorize(p_actor, 'publishable');
    v_booking core.bookings := core.lock_booking(v_actor, p_booking_id);
    v_now timestamptz := core.clock();
    v_fingerprint bytea := core.fingerprint(
        p_request || pg_catalog.jsonb_build_object('booking_id', p_booking_id));
    v_earlier uuid := core.replayed(v_actor, 'begin_checkout', p_key, v_fingerprint);
    v_checkout core.checkouts;
    v_effect jsonb;
begin
    -- a repeat of a call that succeeded is not held to the version it has itself changed
    if v_earlier is null then
        perform core.require_version(v_booking, p_version);
    end if;
    if v_booking.status = 'expired' or v_booking.status = 'held' and v_booking.hold_expires_at <= v_now then
        raise exception 'the hold has run out' using errcode = 'KHEXP', hint = 'hold a time again';
    elsif v_booking.status not in ('held', 'paying') then
        raise exception 'the booking is % and cannot be paid', v_booking.status
            using errcode = 'KHSTA', hint = 'see GET /v1/bookings/{booking_id}/confirmation';
    end if;

    v_checkout := core.payable_checkout(v_booking);
    if v_checkout.state = 'pending' then
        raise exception 'a payment for the booking is under way'
            using errcode = 'KHSTA', hint = 'wait for its result; see GET …/confirmation';
    elsif v_checkout.close_reason in ('released', 'deadline') then
        raise exception 'the hold is being released' using errcode = 'KHEXP', hint = 'hold a time again';
    elsif v_checkout.id is not null and (
        v_checkout.close_reason = 'superseded'
        or v_checkout.session_expires_at < v_now + interval '2 minutes'
        or v_checkout.parameters ->> 'success_url' <> p_request ->> 'success_url'
        or v_checkout.parameters ->> 'cancel_url' <> p_request ->> 'cancel_url')
    then
        v_effect := core.close_checkout(v_checkout, 'superseded', 30);
        return pg_catalog.jsonb_build_object(
            'next', 'close', 'booking', core.booking_json(v_booking),
            'checkout', core.checkout_json(v_checkout), 'effect', v_effect);
    elsif v_checkout.id is null then
        if v_booking.hold_expires_at <= v_now then
            raise exception 'the hold has run out' using errcode = 'KHEXP', hint = 'hold a time again';
        end if;
        v_checkout := core.new_checkout(
            v_booking, p_request ->> 'success_url', p_request ->> 'cancel_url');
    end if;

    insert into core.idempotency_keys (tenant_id, operation, key, fingerprint, result_id, created_at)
    values (v_actor.tenant_id, 'begin_checkout', p_key, v_fingerprint, v_checkout.id, v_now)
    on conflict (tenant_id, operation, key) do update set result_id = excluded.result_id
        where idempotency_keys.fingerprint = excluded.fingerprint;
    if not found then
        perform core.replayed(v_actor, 'begin_checkout', p_key, v_fingerprint); -- raises KHKEY
    end if;

    select * into v_booking
    from core.bookings as b
    where b.tenant_id = v_actor.tenant_id and b.id = p_booking_id;
    return pg_catalog.jsonb_build_object(
        'next', case v_checkout.state when 'open' then 'open' else 'create' end,
        'booking', core.booking_json(v_booking),
        'checkout', core.checkout_json(v_checkout), 'effect', null);
end;
$$;
