-- core.new_reference: eight letters of Crockford's base 32, drawn at random.
--
-- For people to read out: no I, L, O or U. It opens nothing, so it need not be a secret. Eight letters of
-- base 64 stand for the first 48 bits of a random UUID, all of which are random: half of its 64 letters
-- are those of base 32, the other half become them.
--
-- Locks     none
-- Raises    nothing
-- Backstop  bookings_reference_is_base_32
create or replace function core.new_reference()
returns text
language sql volatile
as $$
    select pg_catalog.translate(
        pg_catalog.left(pg_catalog.encode(
            pg_catalog.uuid_send(pg_catalog.gen_random_uuid()), 'base64'), 8),
        'ILOUabcdefghijklmnopqrstuvwxyz+/', '0123456789ABCDEFGHJKMNPQRSTVWXYZ')
$$;
