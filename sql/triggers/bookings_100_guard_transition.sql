-- bookings_100_guard_transition: no status follows another unless core.transitions says so.
--
-- That the status changes at all is asked here: PostgreSQL parses the condition of a trigger in every
-- statement, which takes longer than this call.
--
-- Raises    KHSTA  no such transition
create or replace function core.guard_transition()
returns trigger
language plpgsql
as $$
begin
    if old.status is distinct from new.status and not exists (
        select from core.transitions as t
        where t.from_status = old.status and t.to_status = new.status
    ) then
        raise exception 'a % booking cannot become %', old.status, new.status
            using errcode = 'KHSTA';
    end if;
    return new;
end;
$$;

create or replace trigger bookings_100_guard_transition
    before update of status on core.bookings
    for each row execute function core.guard_transition();
