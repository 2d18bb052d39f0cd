-- core.require_room: refuse more than is allowed, and say when there will be room.
--
-- p_ends_at  when each of those counted ends, the next one first; null: none
-- p_requested   how many more
-- p_allowed  null: any number
-- p_rule     the rule's name, for callers that may override it; null: not shown
--
-- Locks     none
-- Raises    KHLIM  too many; see core.raise_too_many_holds
-- Backstop  none
create or replace function core.require_room(
    p_ends_at timestamptz[], p_requested integer, p_allowed integer, p_at timestamptz,
    p_rule text default null)
returns void
language plpgsql stable
as $$
declare
    v_beyond integer := coalesce(pg_catalog.cardinality(p_ends_at), 0) + p_requested - p_allowed;
begin
    if v_beyond > 0 then
        -- the request alone may be too much: then waiting does not help, and the array has no such
        -- time
        perform core.raise_too_many_holds(p_ends_at[v_beyond], p_at, p_rule);
    end if;
end;
$$;
