-- core.catalogue_columns: the columns that a request for a catalogue item means.
--
-- A blackout by local dates ends with its last date; the resource's zone says when that is.
--
-- Locks     none
-- Raises    nothing
-- Backstop  blackouts_during_bounded
create or replace function core.catalogue_columns(p_timezone text, p_request jsonb)
returns jsonb
language plpgsql stable
as $$
declare
    v_columns jsonb := p_request
        - '{prices,offering_ids,resource_ids,date,starts_at,ends_at,from_date,to_date}'::text[];
begin
    if p_request ? 'date' then
        v_columns := v_columns || pg_catalog.jsonb_build_object('on_date', p_request -> 'date');
    end if;
    if p_request ? 'from_date' then
        v_columns := v_columns || pg_catalog.jsonb_build_object('during', pg_catalog.tstzrange(
            core.local_instant((p_request ->> 'from_date')::timestamp, p_timezone, 'start'),
            core.local_instant(
                ((p_request ->> 'to_date')::date + 1)::timestamp, p_timezone, 'start'), '[)'));
    elsif p_request ? 'starts_at' then
        v_columns := v_columns || pg_catalog.jsonb_build_object('during', pg_catalog.tstzrange(
            (p_request ->> 'starts_at')::timestamptz, (p_request ->> 'ends_at')::timestamptz, '[)'));
    end if;
    return v_columns;
end;
$$;
