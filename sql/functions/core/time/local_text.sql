-- core.local_text: an instant as RFC 3339 text by the clocks of a zone, with their offset.
--
-- Locks     none
-- Raises    22023 for an unknown zone (see core.require_timezone)
-- Backstop  none
create or replace function core.local_text(p_at timestamptz, p_timezone text)
returns text
language plpgsql stable parallel safe
as $$
declare
    v_local timestamp := p_at at time zone p_timezone;
    v_offset interval := v_local - (p_at at time zone 'UTC');
begin
    return pg_catalog.to_char(v_local, 'YYYY-MM-DD"T"HH24:MI:SS')
        || case when v_offset < '0' then '-' else '+' end
        || pg_catalog.to_char(greatest(v_offset, -v_offset), 'HH24:MI');
end;
$$;
