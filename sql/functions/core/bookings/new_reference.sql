-- core.new_reference: eight letters of Crockford's base 32, drawn at random.
--
-- For people to read out: no I, L, O or U. It opens nothing, so it need not be a secret.
--
-- Locks     none
-- Raises    nothing
-- Backstop  bookings_reference_is_base_32
create or replace function core.new_reference()
returns text
language sql volatile
as $$
    select pg_catalog.string_agg(pg_catalog.substr(
        '0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + pg_catalog.floor(pg_catalog.random() * 32)::integer, 1), '')
    from pg_catalog.generate_series(1, 8)
$$;
