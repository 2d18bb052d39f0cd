-- core.sound_waitlist_entry: the rules of a row of core.waitlist, for its constraint waitlist_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
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
