-- booking_events_append_only: history is added to, never rewritten.
--
-- Raises    KHAPP  always
create or replace function core.refuse_rewriting()
returns trigger
language plpgsql
as $$
begin
    raise exception 'rows of %.% are never changed or deleted', tg_table_schema, tg_table_name
        using errcode = 'KHAPP', hint = 'add a row that says what is different now';
end;
$$;

create or replace trigger booking_events_append_only
    before update or delete or truncate on audit.booking_events
    for each statement execute function core.refuse_rewriting();
