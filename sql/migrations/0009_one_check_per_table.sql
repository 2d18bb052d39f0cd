-- One check constraint for each table that is written often.
--
-- PostgreSQL keeps a check constraint as text, and parses, plans and compiles the text again in every
-- statement that writes: twenty-one of them on bookings cost more than all the rest of an insert. A
-- constraint that calls a function is one short text, and a session compiles the function once. The
-- function refuses by the names that the constraints had. docs/adr/0034 has the figures and the rules
-- for changing such a function.

create or replace function core.sound_booking(p_row core.bookings)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount between 1 and 99999999)
            then 'bookings_amount_in_range'
        when not (p_row.buffer_before_minutes between 0 and 1440
            and p_row.buffer_after_minutes between 0 and 1440)
            then 'bookings_buffers_sane'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'bookings_currency_is_iso_4217'
        when not (pg_catalog.length(p_row.customer_name) between 1 and 200)
            then 'bookings_customer_name_present'
        when not (p_row.dispute_status in ('none', 'open', 'upheld', 'refunded'))
            then 'bookings_dispute_status_known'
        when not (p_row.cart_id is null or (p_row.cart_id = p_row.id) = (p_row.position = 1))
            then 'bookings_first_carries_the_cart'
        when not ((p_row.status in ('held', 'paying')) = (p_row.hold_expires_at is not null))
            then 'bookings_hold_has_deadline'
        when not (pg_catalog.length(p_row.locale) between 2 and 35)
            then 'bookings_locale_short'
        when not (pg_catalog.length(p_row.notes) <= 2000)
            then 'bookings_notes_short'
        when not (p_row.outcome in (
            'none', 'completed', 'customer_no_show', 'provider_no_show', 'not_held'))
            then 'bookings_outcome_known'
        when not (p_row.payment_status in (
            'unpaid', 'authorized', 'paid', 'partially_refunded', 'refunded', 'voided'))
            then 'bookings_payment_status_known'
        when not (pg_catalog.isfinite(p_row.starts_at) and pg_catalog.isfinite(p_row.ends_at))
            then 'bookings_period_finite'
        when not (p_row.starts_at < p_row.ends_at)
            then 'bookings_period_ordered'
        when not (p_row.position between 1 and 100
            and (p_row.position = 1 or p_row.cart_id is not null))
            then 'bookings_position_counts'
        when not (p_row.reference ~ '^[0-9A-HJKMNP-TV-Z]{8}$')
            then 'bookings_reference_is_base_32'
        when not (p_row.status not in ('scheduled', 'active')
            or p_row.payment_status in ('paid', 'partially_refunded'))
            then 'bookings_scheduled_is_paid'
        when not (pg_catalog.octet_length(p_row.client_secret_hash) = 32)
            then 'bookings_secret_is_sha256'
        when not (pg_catalog.length(p_row.secret_key_id) between 1 and 40
            and p_row.secret_key_id !~ '[^A-Za-z0-9_-]')
            then 'bookings_secret_key_named'
        when not (p_row.status in (
            'held', 'paying', 'requested', 'scheduled', 'active', 'ended', 'completed',
            'expired', 'cancelled', 'declined'))
            then 'bookings_status_known'
        when not (pg_catalog.length(p_row.timezone) between 1 and 64)
            then 'bookings_timezone_short'
        when not (p_row.version >= 1)
            then 'bookings_version_positive'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "bookings" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'bookings', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.bookings
    drop constraint bookings_amount_in_range,
    drop constraint bookings_buffers_sane,
    drop constraint bookings_currency_is_iso_4217,
    drop constraint bookings_customer_name_present,
    drop constraint bookings_dispute_status_known,
    drop constraint bookings_first_carries_the_cart,
    drop constraint bookings_hold_has_deadline,
    drop constraint bookings_locale_short,
    drop constraint bookings_notes_short,
    drop constraint bookings_outcome_known,
    drop constraint bookings_payment_status_known,
    drop constraint bookings_period_finite,
    drop constraint bookings_period_ordered,
    drop constraint bookings_position_counts,
    drop constraint bookings_reference_is_base_32,
    drop constraint bookings_scheduled_is_paid,
    drop constraint bookings_secret_is_sha256,
    drop constraint bookings_secret_key_named,
    drop constraint bookings_status_known,
    drop constraint bookings_timezone_short,
    drop constraint bookings_version_positive,
    add constraint bookings_sound check (core.sound_booking(bookings));
grant execute on function core.sound_booking to holdfast_system;

create or replace function core.sound_occupancy(p_row core.occupancies)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (not pg_catalog.isempty(p_row.during)
            and not pg_catalog.lower_inf(p_row.during)
            and not pg_catalog.upper_inf(p_row.during)
            and pg_catalog.lower_inc(p_row.during)
            and not pg_catalog.upper_inc(p_row.during))
            then 'occupancies_during_bounded'
        when not (p_row.part in (1, 2))
            then 'occupancies_part_known'
        when not (p_row.offering_id is not null or p_row.class_id = p_row.booking_id)
            then 'occupancies_private_is_alone'
        when not (p_row.seat >= 1)
            then 'occupancies_seat_positive'
        when not (p_row.unit >= 1)
            then 'occupancies_unit_positive'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "occupancies" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'occupancies', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.occupancies
    drop constraint occupancies_during_bounded,
    drop constraint occupancies_part_known,
    drop constraint occupancies_private_is_alone,
    drop constraint occupancies_seat_positive,
    drop constraint occupancies_unit_positive,
    add constraint occupancies_sound check (core.sound_occupancy(occupancies));
grant execute on function core.sound_occupancy to holdfast_system;

create or replace function core.sound_idempotency_key(p_row core.idempotency_keys)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.caller ~ '^[a-z]+(:[0-9a-f-]{36})?$')
            then 'idempotency_keys_caller_named'
        when not (pg_catalog.octet_length(p_row.fingerprint) = 32)
            then 'idempotency_keys_fingerprint_is_sha256'
        when not (pg_catalog.length(p_row.key) between 1 and 255
            and p_row.key !~ '[^\x21-\x7e]')
            then 'idempotency_keys_key_sane'
        when not (pg_catalog.length(p_row.operation) between 1 and 60
            and p_row.operation !~ '[^a-z_]')
            then 'idempotency_keys_operation_named'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "idempotency_keys" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'idempotency_keys', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.idempotency_keys
    drop constraint idempotency_keys_caller_named,
    drop constraint idempotency_keys_fingerprint_is_sha256,
    drop constraint idempotency_keys_key_sane,
    drop constraint idempotency_keys_operation_named,
    add constraint idempotency_keys_sound check (core.sound_idempotency_key(idempotency_keys));
grant execute on function core.sound_idempotency_key to holdfast_system;

create or replace function core.sound_customer(p_row core.customers)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.email = pg_catalog.lower(p_row.email)
            and pg_catalog.length(p_row.email) between 3 and 254)
            then 'customers_email_normalised'
        when not (pg_catalog.length(p_row.name) between 1 and 200)
            then 'customers_name_present'
        when not (p_row.phone ~ '^\+[1-9][0-9]{6,14}$')
            then 'customers_phone_is_e164'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "customers" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'customers', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.customers
    drop constraint customers_email_normalised,
    drop constraint customers_name_present,
    drop constraint customers_phone_is_e164,
    add constraint customers_sound check (core.sound_customer(customers));
grant execute on function core.sound_customer to holdfast_system;

create or replace function core.sound_waitlist_entry(p_row core.waitlist)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (pg_catalog.length(p_row.locale) between 2 and 35)
            then 'waitlist_locale_short'
        when not (p_row.state not in ('offered', 'booked') or p_row.booking_id is not null)
            then 'waitlist_offer_has_booking'
        when not ((p_row.starts_at is null) <> (p_row.on_date is null))
            then 'waitlist_one_wish'
        when not (pg_catalog.length(p_row.override_reason) between 1 and 500)
            then 'waitlist_override_reason_short'
        when not (pg_catalog.octet_length(p_row.client_secret_hash) = 32)
            then 'waitlist_secret_is_sha256'
        when not (pg_catalog.length(p_row.secret_key_id) between 1 and 40
            and p_row.secret_key_id !~ '[^A-Za-z0-9_-]')
            then 'waitlist_secret_key_named'
        when not (p_row.state in ('waiting', 'offered', 'booked', 'lapsed', 'left'))
            then 'waitlist_state_known'
        when not (pg_catalog.length(p_row.timezone) between 1 and 64)
            then 'waitlist_timezone_short'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "waitlist" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'waitlist', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.waitlist
    drop constraint waitlist_locale_short,
    drop constraint waitlist_offer_has_booking,
    drop constraint waitlist_one_wish,
    drop constraint waitlist_override_reason_short,
    drop constraint waitlist_secret_is_sha256,
    drop constraint waitlist_secret_key_named,
    drop constraint waitlist_state_known,
    drop constraint waitlist_timezone_short,
    add constraint waitlist_sound check (core.sound_waitlist_entry(waitlist));
grant execute on function core.sound_waitlist_entry to holdfast_system;

create or replace function core.sound_reschedule(p_row core.reschedules)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount between 1 and 99999999)
            then 'reschedules_amount_in_range'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'reschedules_currency_is_iso_4217'
        when not ((p_row.state = 'pending') = (p_row.expires_at is not null))
            then 'reschedules_pending_has_deadline'
        when not (p_row.starts_at < p_row.ends_at)
            then 'reschedules_period_ordered'
        when not (p_row.state in ('pending', 'applied', 'expired'))
            then 'reschedules_state_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "reschedules" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'reschedules', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.reschedules
    drop constraint reschedules_amount_in_range,
    drop constraint reschedules_currency_is_iso_4217,
    drop constraint reschedules_pending_has_deadline,
    drop constraint reschedules_period_ordered,
    drop constraint reschedules_state_known,
    add constraint reschedules_sound check (core.sound_reschedule(reschedules));
grant execute on function core.sound_reschedule to holdfast_system;

create or replace function core.sound_checkout(p_row core.checkouts)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount between 1 and 99999999)
            then 'checkouts_amount_in_range'
        when not (p_row.close_reason in ('released', 'superseded', 'deadline'))
            then 'checkouts_close_reason_known'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'checkouts_currency_is_iso_4217'
        when not (p_row.state <> 'open' or p_row.stripe_session_id is not null)
            then 'checkouts_open_has_stripe_session'
        when not (p_row.state in ('creating', 'open', 'pending', 'paid', 'expired', 'failed'))
            then 'checkouts_state_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "checkouts" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'checkouts', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.checkouts
    drop constraint checkouts_amount_in_range,
    drop constraint checkouts_close_reason_known,
    drop constraint checkouts_currency_is_iso_4217,
    drop constraint checkouts_open_has_stripe_session,
    drop constraint checkouts_state_known,
    add constraint checkouts_sound check (core.sound_checkout(checkouts));
grant execute on function core.sound_checkout to holdfast_system;

create or replace function core.sound_payment(p_row core.payments)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount > 0)
            then 'payments_amount_positive'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'payments_currency_is_iso_4217'
        when not (p_row.amount_refunded between 0 and p_row.amount)
            then 'payments_refunds_within_capture'
        when not (p_row.status in ('captured', 'quarantined'))
            then 'payments_status_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "payments" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'payments', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.payments
    drop constraint payments_amount_positive,
    drop constraint payments_currency_is_iso_4217,
    drop constraint payments_refunds_within_capture,
    drop constraint payments_status_known,
    add constraint payments_sound check (core.sound_payment(payments));
grant execute on function core.sound_payment to holdfast_system;

create or replace function core.sound_refund(p_row core.refunds)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount > 0)
            then 'refunds_amount_positive'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'refunds_currency_is_iso_4217'
        when not (p_row.reason in (
            'time_lost', 'released', 'amount_mismatch', 'duplicate_payment', 'price_difference',
            'customer_limit'))
            then 'refunds_reason_known'
        when not (p_row.replaced_by is null or p_row.status = 'failed')
            then 'refunds_replacement_is_of_a_failure'
        when not (p_row.status in ('queued', 'pending', 'succeeded', 'failed'))
            then 'refunds_status_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "refunds" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'refunds', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.refunds
    drop constraint refunds_amount_positive,
    drop constraint refunds_currency_is_iso_4217,
    drop constraint refunds_reason_known,
    drop constraint refunds_replacement_is_of_a_failure,
    drop constraint refunds_status_known,
    add constraint refunds_sound check (core.sound_refund(refunds));
grant execute on function core.sound_refund to holdfast_system;

create or replace function core.sound_effect(p_row core.effects)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.attempts >= 0)
            then 'effects_attempts_counted'
        when not (p_row.kind in ('expire_session', 'refund_payment', 'notify_offer'))
            then 'effects_kind_known'
        when not ((p_row.kind = 'expire_session') = (p_row.checkout_id is not null)
            and (p_row.kind = 'refund_payment') = (p_row.refund_id is not null))
            then 'effects_names_its_subject'
        when not ((p_row.sent_at is null) = (p_row.customer_id is null))
            then 'effects_sent_to_a_customer'
        when not (p_row.state in ('pending', 'done', 'dead'))
            then 'effects_state_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "effects" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'effects', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.effects
    drop constraint effects_attempts_counted,
    drop constraint effects_kind_known,
    drop constraint effects_names_its_subject,
    drop constraint effects_sent_to_a_customer,
    drop constraint effects_state_known,
    add constraint effects_sound check (core.sound_effect(effects));
grant execute on function core.sound_effect to holdfast_system;

create or replace function core.sound_stripe_event(p_row core.stripe_events)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (pg_catalog.length(p_row.id) between 5 and 254
            and p_row.id ~ '^evt_'
            and p_row.id !~ '[^A-Za-z0-9_]')
            then 'stripe_events_id_shape'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "stripe_events" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'stripe_events', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.stripe_events
    drop constraint stripe_events_id_shape,
    add constraint stripe_events_sound check (core.sound_stripe_event(stripe_events));
grant execute on function core.sound_stripe_event to holdfast_system;

create or replace function core.sound_calendar(p_row core.calendars)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.fresh_seconds between 30 and 86400)
            then 'calendars_fresh_sane'
        when not (pg_catalog.length(p_row.name) between 1 and 200)
            then 'calendars_name_present'
        when not ((p_row.read_at is null) = (p_row.busy_until is null))
            then 'calendars_read_is_bounded'
        when not (p_row.slow_readings >= 0)
            then 'calendars_slow_counted'
        when not (p_row.url ~ '^https://' and pg_catalog.length(p_row.url) <= 2000)
            then 'calendars_url_is_https'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "calendars" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'calendars', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.calendars
    drop constraint calendars_fresh_sane,
    drop constraint calendars_name_present,
    drop constraint calendars_read_is_bounded,
    drop constraint calendars_slow_counted,
    drop constraint calendars_url_is_https,
    add constraint calendars_sound check (core.sound_calendar(calendars));
grant execute on function core.sound_calendar to holdfast_system;
