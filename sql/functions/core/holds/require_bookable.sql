-- core.require_bookable: what a request means of which core.find_requested_period knows nothing, or why it cannot
-- be booked.
--
-- Returns   the resource's only offering, of a request that names none
-- Locks     none
-- Raises    KHNTF  no such resource or offering · KHPRC · KHAMT see core.require_price
-- Backstop  row-level security
create or replace function core.require_bookable(
    p_actor core.actor, p_resource_id uuid, p_offering_id uuid, p_tier text, p_package text)
returns uuid
language plpgsql stable
as $$
declare
    v_offering core.offerings := core.require_offering(
        core.require_resource(p_actor, p_resource_id), p_offering_id);
begin
    perform core.require_price(v_offering, p_tier, p_package);
    return v_offering.id;
end;
$$;
