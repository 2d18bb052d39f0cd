-- core.new_id: a time-ordered UUID (version 7), so that new rows land side by side in the indexes.
--
-- uuidv7() exists only from PostgreSQL 18; this works on 15 as well. No decision depends on the
-- time in it.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.new_id()
returns uuid
language sql volatile parallel safe
as $$
    select pg_catalog.encode(
        pg_catalog.substr(
            pg_catalog.int8send(
                (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000)::bigint), 3)
        || pg_catalog.set_byte(r.tail, 0, (pg_catalog.get_byte(r.tail, 0) & 15) | 112),
        'hex')::uuid
    from (
        select pg_catalog.substr(pg_catalog.uuid_send(pg_catalog.gen_random_uuid()), 7) as tail
    ) as r
$$;
