-- core.require_timezone: refuse a zone that the time zone database does not have; AT TIME ZONE
-- would also take "UTC+3" and the like.
--
-- Without a digit a name cannot be such a rule, so trying it is enough; reading the list of all
-- names takes PostgreSQL ten milliseconds.
--
-- Locks     none
-- Raises    KHTZN  no such time zone
-- Backstop  none
create or replace function core.require_timezone(p_timezone text)
returns void
language plpgsql stable
as $$
begin
    if p_timezone ~ '^[A-Z][A-Za-z_]+(/[A-Za-z_-]+)+$' then
        begin
            perform timestamptz '2000-01-01 00:00Z' at time zone p_timezone;
            return;
        exception when invalid_parameter_value then
            null; -- refused below
        end;
    elsif exists (select from pg_catalog.pg_timezone_names as z where z.name = p_timezone) then
        return;
    end if;

    raise exception 'unknown time zone'
        using errcode = 'KHTZN', hint = 'use an IANA name such as Europe/Berlin';
end;
$$;
