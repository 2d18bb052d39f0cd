-- core.sound_stripe_event: the rules of a row of core.stripe_events, for its constraint stripe_events_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
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
