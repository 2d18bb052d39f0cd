-- core.raise_moved: refuse, because another database answers for the tenant, or will in a moment.
--
-- Locks     none
-- Raises    KHMOV  always; detail is {"retry_after": seconds}
-- Backstop  none
create or replace function core.raise_moved()
returns void
language plpgsql volatile
as $$
begin
    raise exception 'the tenant is being moved'
        using errcode = 'KHMOV', detail = '{"retry_after": 2}',
            hint = 'repeat the request after the seconds in Retry-After';
end;
$$;
