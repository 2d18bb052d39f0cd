-- core.raise_too_many_holds: refuse another hold until one of those that there are ends.
--
-- p_whose     'customer' or 'network address'
-- p_ends_at   when the first of them ends; null when none is a hold
--
-- Locks     none
-- Raises    KHLIM  always; detail is {"retry_after": seconds}
-- Backstop  none
create or replace function core.raise_too_many_holds(
    p_whose text, p_ends_at timestamptz, p_at timestamptz)
returns void
language plpgsql stable
as $$
begin
    raise exception 'the % has too many holds and places in the waitlist', p_whose
        using errcode = 'KHLIM',
            detail = pg_catalog.jsonb_build_object('retry_after', greatest(1, pg_catalog.ceil(
                pg_catalog.date_part(
                    'epoch', coalesce(p_ends_at, p_at + interval '1 hour') - p_at))::integer))::text,
            hint = 'pay for one of them, give one back, or wait for the seconds in Retry-After';
end;
$$;
