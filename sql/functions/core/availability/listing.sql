-- core.listing: a listing as text: what is said once of it, with its slots added as the last member.
--
-- p_head   an object with a member at least
-- p_slots  core.listed_slot, with ', ' between them; null: there are none
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.listing(p_head json, p_slots text)
returns text
language sql stable parallel safe
as $$
    select pg_catalog.concat(
        pg_catalog.rtrim(p_head::text, '}'), ', "slots" : [', p_slots, ']}')
$$;
