-- resources_check_timezone: only names of the IANA database; AT TIME ZONE would also take "UTC+3"
-- and the like.
--
-- Raises    KHTZN  no such time zone
create or replace function core.check_timezone()
returns trigger
language plpgsql
as $$
begin
    if not exists (select from pg_catalog.pg_timezone_names as z where z.name = new.timezone) then
        raise exception 'unknown time zone %', new.timezone
            using errcode = 'KHTZN', hint = 'use an IANA name such as Europe/Berlin';
    end if;
    return new;
end;
$$;

create or replace trigger resources_check_timezone
    before insert or update of timezone on core.resources
    for each row execute function core.check_timezone();
