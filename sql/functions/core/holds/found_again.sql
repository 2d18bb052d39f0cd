-- core.found_again: a wanted period as it is found now.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.found_again(p_wanted core.wanted, p_at timestamptz)
returns core.wanted
language plpgsql stable
as $$
declare
    v_wanted core.wanted := core.find_wanted(
        (p_wanted.resource).tenant_id, (p_wanted.resource).id, (p_wanted.offering).id,
        (p_wanted.bookable).tier, (p_wanted.bookable).package,
        p_wanted.asked_at, p_wanted.booked_on, p_at);
begin
    v_wanted.position := p_wanted.position;
    v_wanted.item := p_wanted.item;
    v_wanted.pool_id := p_wanted.pool_id;
    return v_wanted;
end;
$$;
