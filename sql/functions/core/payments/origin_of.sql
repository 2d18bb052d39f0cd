-- core.origin_of: the origin of a web address, as browsers form it; null if it is in any doubt.
--
-- Hosts are names in ASCII or numbers; addresses that browsers and other readers parse differently
-- (users, backslashes, hosts in other scripts) have no origin here.
--
-- Source    RFC 3986, section 3; RFC 6454, section 4
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.origin_of(p_address text)
returns text
language sql immutable parallel safe
as $$
    select case
        when o.origin like 'https://%' then pg_catalog.regexp_replace(o.origin, ':0*443$', '')
        else pg_catalog.regexp_replace(o.origin, ':0*80$', '')
    end
    from (
        select pg_catalog.lower((pg_catalog.regexp_match(
            p_address,
            '^(https?://(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?)(?:[/?#]|$)',
            'i'))[1]) as origin
    ) as o
    where p_address !~ '[\\[:space:][:cntrl:]]'
$$;
