-- booking_events_append_only: rows of the history are only added.
--
-- One function alone may delete of it: core.delete_booking, with the never-paid booking that it is
-- the history of. The call stack is PostgreSQL's own record, which no setting can forge.
--
-- Raises    KHAPP  for all others
create or replace function core.refuse_rewriting()
returns trigger
language plpgsql
as $$
declare
    v_stack text;
begin
    get diagnostics v_stack = pg_context;
    if tg_op = 'DELETE' and v_stack ~ '(?n)^PL/pgSQL function core\.delete_booking\(' then
        return null;
    end if;
    raise exception 'rows of %.% are never changed or deleted', tg_table_schema, tg_table_name
        using errcode = 'KHAPP', hint = 'add a row that records the difference';
end;
$$;

create or replace trigger booking_events_append_only
    before update or delete or truncate on audit.booking_events
    for each statement execute function core.refuse_rewriting();
