-- bookings_050_reference: each booking gets a reference that no other booking of its tenant has.
--
-- One that is taken is drawn again. Two that draw the same at the same moment meet at
-- bookings_reference_unique: the later one has to try again. A row that brings one keeps it; the function
-- asks for that, because a trigger's WHEN is text, which each statement would parse.
create or replace function core.give_reference()
returns trigger
language plpgsql
as $$
begin
    while new.reference is null loop
        new.reference := core.new_reference();
        if exists (
            select from core.bookings as b
            where b.tenant_id = new.tenant_id and b.reference = new.reference)
        then
            new.reference := null;
        end if;
    end loop;
    return new;
end;
$$;

create or replace trigger bookings_050_reference
    before insert on core.bookings
    for each row execute function core.give_reference();
