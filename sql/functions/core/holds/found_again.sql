-- core.found_again: a wanted period as it is found now.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.found_again(p_requested core.requested_period, p_at timestamptz)
returns core.requested_period
language plpgsql stable
as $$
declare
    v_requested core.requested_period := core.find_requested_period(
        (p_requested.bookable).tenant_id, (p_requested.bookable).resource_id,
        (p_requested.bookable).offering_id, (p_requested.bookable).tier, (p_requested.bookable).package,
        p_requested.asked_at, p_requested.booked_on, p_at);
begin
    v_requested.position := p_requested.position;
    v_requested.item := p_requested.item;
    v_requested.pool_id := p_requested.pool_id;
    return v_requested;
end;
$$;
