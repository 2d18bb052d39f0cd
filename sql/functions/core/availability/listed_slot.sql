-- core.listed_slot: one free period of a listing, as clients get it: the handler hands the text of a
-- listing on as it is. Times only: nothing of the bookings around it.
--
-- A list of a month has a thousand of them, so this is as few steps as it can be, and is inlined into
-- the statement that lists: what many slots have in common comes ready made (core.listed_places). To
-- convert each to json would read each text again.
--
-- p_starts_at, p_ends_at  in UTC; the session's DateStyle is ISO
-- p_places                as core.listed_places writes it
-- p_timezone              also the times by the clocks of this zone; null: only in UTC
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.listed_slot(
    p_starts_at timestamp, p_ends_at timestamp, p_places text, p_timezone text)
returns text
language sql stable parallel safe
as $$
    select '{"starts_at":"'
        || pg_catalog.replace(p_starts_at || 'Z","ends_at":"' || p_ends_at, ' ', 'T')
        || case when p_timezone is null then p_places else
            pg_catalog.replace(
                p_places, 'null,"ends_local":null',
                '"' || core.local_text(p_starts_at at time zone 'UTC', p_timezone)
                || '","ends_local":"'
                || core.local_text(p_ends_at at time zone 'UTC', p_timezone) || '"')
        end
$$;
