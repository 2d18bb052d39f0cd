-- core.listed_places: what follows the times of a free period in a listing; see core.listed_slot.
--
-- p_booked_on  the date, of what is booked by the day
-- p_resources  how many resources of a pool are free then; null: not of a pool
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.listed_places(
    p_booked_on date, p_remaining integer, p_resources integer default null)
returns text
language sql stable parallel safe
as $$
    -- numbers and a date: nothing that JSON would have to escape
    select 'Z","date":' || coalesce('"' || pg_catalog.to_char(p_booked_on, 'YYYY-MM-DD') || '"', 'null')
        || ',"remaining":' || p_remaining || ',"starts_local":null,"ends_local":null'
        || coalesce(',"resources":' || p_resources, '') || '}'
$$;
