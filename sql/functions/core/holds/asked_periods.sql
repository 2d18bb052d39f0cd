-- core.asked_periods: how many periods a request to hold asks for, every week of a series counted.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.asked_periods(p_request jsonb)
returns integer
language plpgsql stable parallel safe
as $$
begin
    if pg_catalog.jsonb_typeof(p_request -> 'items') = 'array' then
        return (
            select pg_catalog.sum(coalesce((i.item #>> '{repeat,weeks}')::integer, 1))::integer
            from pg_catalog.jsonb_array_elements(p_request -> 'items') as i (item));
    end if;
    return coalesce((p_request #>> '{repeat,weeks}')::integer, 1);
end;
$$;
