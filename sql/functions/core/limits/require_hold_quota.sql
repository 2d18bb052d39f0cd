-- core.require_hold_quota: refuse more periods, or a waitlist entry, to a holder that has as many as the
-- tenant allows. The whole policy: docs/limits.md.
--
-- A browser may type any e-mail address, so what it takes counts only for its network address, and
-- never for a mailbox. A server knows its customers: what it takes counts for the mailbox, and for
-- no address. An offer was a waitlist entry before, and is made without this check.
--
-- p_request  its "customer" has the mailbox; its "override" lets a server go beyond a rule that it names
-- p_periods  how many more are to be held; 0: a waitlist entry is requested
--
-- Locks     the identity: the address or the customer's mailbox; before any day
-- Raises    KHLIM  too many; see core.raise_too_many_holds
-- Backstop  none: a count is not a constraint; the locks make it one
create or replace function core.require_hold_quota(
    p_actor core.actor, p_request jsonb, p_periods integer)
returns void
language plpgsql volatile
as $$
begin
    if p_actor.side = 'server' then
        perform core.limit_customer(p_actor, p_request, p_periods);
    elsif p_actor.address_hash is not null then
        perform core.lock_identity(
            p_actor.tenant_id, 'address', pg_catalog.encode(p_actor.address_hash, 'hex'));
        if p_periods > 0 then
            perform core.limit_address(p_actor, p_periods);
        else
            perform core.limit_waitlist_entries(p_actor);
        end if;
    end if;
end;
$$;
