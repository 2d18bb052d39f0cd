-- core.require_slot_count: refuse a listing of more than 2,000 slots, rather than leave some out
-- silently.
--
-- Locks     none
-- Raises    KHPER  more than 2,000 slots
-- Backstop  none
create or replace function core.require_slot_count(p_slots integer)
returns void
language plpgsql immutable
as $$
begin
    if p_slots > 2000 then
        raise exception 'the period has more than 2,000 slots'
            using errcode = 'KHPER', hint = 'use an earlier "to", and request the rest separately';
    end if;
end;
$$;
