-- core.sound_booking: the rules of a row of core.bookings, for its constraint bookings_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
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
