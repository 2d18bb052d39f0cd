-- core.still_authorized: refuse a caller whose key was revoked while the call waited.
--
-- core.authorize comes before the locks, and a wait for a lock may take seconds. So a function that
-- changes something for a caller checks again after its last wait: a revocation committed meanwhile
-- is seen here, and undoes everything. Reads only the key's row, and locks nothing.
--
-- Locks     none
-- Raises    KHAUT  the key was revoked meanwhile
-- Backstop  none: a revocation that commits later counts from then on
create or replace function core.still_authorized(p_actor core.actor)
returns void
language plpgsql volatile
as $$
begin
    if not exists (
        select from core.api_keys as k
        where k.tenant_id = p_actor.tenant_id and k.id = p_actor.key_id and k.revoked_at is null)
    then
        raise exception 'the API key has been revoked'
            using errcode = 'KHAUT';
    end if;
end;
$$;
