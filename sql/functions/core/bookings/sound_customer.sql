-- core.sound_customer: the rules of a row of core.customers, for its constraint customers_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
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
