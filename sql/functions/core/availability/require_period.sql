-- core.require_period: the bounds of a listing, checked; by default the next seven days.
--
-- Locks     none
-- Raises    KHPER  the period is empty, reversed or longer than 62 days
-- Backstop  none
create or replace function core.require_period(
    p_from timestamptz, p_to timestamptz, p_at timestamptz)
returns tstzrange
language plpgsql stable
as $$
declare
    v_from timestamptz := coalesce(p_from, pg_catalog.date_trunc('second', p_at));
    v_to timestamptz := coalesce(p_to, v_from + interval '168 hours');
begin
    if v_from >= v_to or v_to - v_from > interval '62 days' then
        raise exception 'the period is empty, reversed or longer than 62 days'
            using errcode = 'KHPER', hint = 'use a later "to", or request fewer days at once';
    end if;
    return pg_catalog.tstzrange(v_from, v_to, '[)');
end;
$$;
