-- core.checkout_json: a checkout as the handlers need it to talk to the provider.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.checkout_json(p_checkout core.checkouts)
returns jsonb
language plpgsql stable
as $$
begin
    return pg_catalog.jsonb_build_object(
        'id', p_checkout.id,
        'booking_id', p_checkout.booking_id,
        'state', p_checkout.state,
        'parameters', p_checkout.parameters,
        'session_id', p_checkout.stripe_session_id,
        'session_url', p_checkout.stripe_session_url,
        'session_expires_at', core.utc(p_checkout.stripe_session_expires_at),
        'created_at', core.utc(p_checkout.created_at),
        'age_seconds', pg_catalog.floor(
            pg_catalog.date_part('epoch', core.clock() - p_checkout.created_at)));
end;
$$;
