-- core.lease_letter: the content of an effect's letter about an offer, if it may be sent now.
--
-- Beyond the daily limit of a mailbox no letter is sent; the offer stays. A letter that was leased
-- before may have been sent, and is counted once however often it is tried.
--
-- Returns   {"offer": as core.offer_json says, or null, "withheld": whether it was over the limit}
--
-- Locks     none (the caller holds the effect's row, and the mailbox's letters)
-- Raises    nothing
-- Backstop  none: a count is not a constraint; the lock makes it one
create or replace function core.lease_letter(p_effect core.effects)
returns jsonb
language plpgsql volatile
as $$
declare
    v_offer jsonb := core.offer_json(p_effect.tenant_id, p_effect.booking_id);
    v_now timestamptz := core.clock();
    v_booking core.bookings;
    v_mailbox text;
begin
    if v_offer is null or p_effect.sent_at is not null then
        return pg_catalog.jsonb_build_object('offer', v_offer, 'withheld', false);
    end if;
    select * into v_booking
    from core.bookings as b
    where b.tenant_id = p_effect.tenant_id and b.id = p_effect.booking_id;
    select c.mailbox into v_mailbox
    from core.customers as c
    where c.tenant_id = p_effect.tenant_id and c.id = v_booking.customer_id;
    if core.letters_left(
        p_effect.tenant_id, v_mailbox, v_offer ->> 'name' is not null, v_now) < 1
    then
        return '{"offer": null, "withheld": true}';
    end if;

    update core.effects as e
    set sent_at = v_now, customer_id = v_booking.customer_id
    where e.tenant_id = p_effect.tenant_id and e.id = p_effect.id;
    return pg_catalog.jsonb_build_object('offer', v_offer, 'withheld', false);
end;
$$;
