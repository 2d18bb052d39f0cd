-- core.read_reference: a reference as it is stored, from what a person typed.
--
-- In any case, with or without the dash and spaces; O is read as 0, I and L as 1.
--
-- Returns   eight letters, or null if it can be no reference
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.read_reference(p_typed text)
returns text
language sql immutable parallel safe
as $$
    select case when r.letters ~ '^[0-9A-HJKMNP-TV-Z]{8}$' then r.letters end
    from (
        select pg_catalog.translate(pg_catalog.upper(p_typed), 'OIL- ', '011') as letters) as r
$$;
