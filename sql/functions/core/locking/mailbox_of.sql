-- core.mailbox_of: the mailbox of an e-mail address, as core.customers has it: in lower case, without
-- the tag after a plus.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.mailbox_of(p_email text)
returns text
language sql immutable parallel safe
as $$
    select pg_catalog.regexp_replace(pg_catalog.lower(p_email), '\+[^@]*@', '@')
$$;
