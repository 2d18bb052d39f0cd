-- core.raise_taken: refuse a taken time, with the free times nearest to it.
--
-- Locks     none
-- Raises    KHTKN  always; detail is {"alternatives": [slot, …]}, nearest first, at most five
-- Backstop  none
create or replace function core.raise_taken(
    p_resource core.resources, p_offering core.offerings, p_starts_at timestamptz, p_at timestamptz)
returns void
language plpgsql stable
as $$
begin
    raise exception using
        errcode = 'KHTKN',
        detail = pg_catalog.jsonb_build_object('alternatives', core.alternatives(
            p_resource, null, p_offering, p_starts_at, p_at))::text;
end;
$$;
