-- core.require_override: only a server may let a request go beyond a limit.
--
-- Locks     none
-- Raises    KHDEN  the request has an "override" without a secret key
-- Backstop  none
create or replace function core.require_override(p_actor core.actor, p_request jsonb)
returns void
language plpgsql stable
as $$
begin
    if p_request -> 'override' <> 'null' and p_actor.side is distinct from 'server' then
        raise exception 'a % key may not override limits', p_actor.role
            using errcode = 'KHDEN';
    end if;
end;
$$;
