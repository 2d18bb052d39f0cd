-- core.post: write a journal, once for its reference.
--
-- A twin with the same reference waits for the first to commit, then finds that it is done.
--
-- p_reference   what happened, the same words each time: payment:<payment>
-- p_booking_id  whose statement it stands on, or null
-- p_lines       an amount for each account, above zero for a debit
-- Returns   the journal; null when it was written before
-- Locks     none (the caller holds all guarded accounts; see core.lock_accounts)
-- Raises    KHKEY  the reference stands for other lines
--           KHAPP  the lines do not add up, or an account is unknown (trigger postings_900_balance)
--           23514  accounts_never_negative
-- Backstop  journals_reference_once, postings_pkey
create or replace function core.post(
    p_tenant_id uuid, p_reference text, p_currency text, p_booking_id uuid,
    p_lines core.ledger_line[])
returns uuid
language plpgsql volatile
as $$
declare
    v_id uuid := core.new_id();
    v_line core.ledger_line;
begin
    insert into ledger.journals (
        tenant_id, id, reference, currency, lines, booking_id, at, request_id)
    values (
        p_tenant_id, v_id, p_reference, p_currency, pg_catalog.cardinality(p_lines), p_booking_id,
        core.clock(), nullif(pg_catalog.current_setting('holdfast.request_id', true), ''))
    on conflict (tenant_id, reference) do nothing;
    if not found then
        perform core.require_same_lines(p_tenant_id, p_reference, p_currency, p_lines);
        return null;
    end if;

    -- one after the other: a join could be begun at the wrong end, with all accounts of the tenant
    foreach v_line in array p_lines loop
        continue when v_line.kind = 'clearing'; -- it carries no balance
        update ledger.accounts as a
        set balance = a.balance + a.normal * v_line.amount
        where a.tenant_id = p_tenant_id
            and a.id = core.account_id(p_tenant_id, v_line.kind, v_line.subject_id, p_currency);
    end loop;

    insert into ledger.postings (tenant_id, journal_id, account_id, amount)
    select p_tenant_id, v_id, core.account_id(p_tenant_id, l.kind, l.subject_id, p_currency), l.amount
    from pg_catalog.unnest(p_lines) as l;
    return v_id;
end;
$$;
