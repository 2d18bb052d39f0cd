-- core.raise_too_many_holds: refuse another hold, or waitlist entry.
--
-- One text for every limit: it must not reveal to a browser what others have done.
--
-- p_room_at  when there will be room, if nothing else happens; null: waiting alone won't help
-- p_rule     for a server, which rule it may override; else null
--
-- Locks     none
-- Raises    KHLIM  always; detail is {"retry_after": seconds, "rule"}, each if there is one
-- Backstop  none
create or replace function core.raise_too_many_holds(
    p_room_at timestamptz, p_at timestamptz, p_rule text default null)
returns void
language plpgsql stable
as $$
begin
    raise exception using
        errcode = 'KHLIM',
        detail = pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
            'retry_after', case when p_room_at < 'infinity' then greatest(1, pg_catalog.ceil(
                pg_catalog.date_part('epoch', p_room_at - p_at)))::bigint end,
            'rule', p_rule))::text;
end;
$$;
