-- core.revoke_old_feeds: revoke the addresses of calendar feeds of another key than this one.
--
-- Their owners create new ones: only the answer that created a feed contains its address.
--
-- Returns   how many were revoked
--
-- Called as holdfast_system by the migrating function; no login reaches it.
--
-- Locks     the feeds
-- Raises    nothing
-- Backstop  none
create or replace function core.revoke_old_feeds(p_key_id text)
returns integer
language plpgsql volatile
set search_path = '' set lock_timeout = '3s'
as $$
declare
    v_revoked integer;
begin
    update core.calendar_feeds as f
    set revoked_at = core.clock()
    where f.secret_key_id <> p_key_id and f.revoked_at is null
        and core.is_here(f.tenant_id);
    get diagnostics v_revoked = row_count;
    return v_revoked;
end;
$$;
