-- core.balance_of: what an account stands at, in its own direction; 0 when it was never posted to.
--
-- To decide by it, lock the account first.
--
-- Locks     none
-- Raises    nothing
-- Backstop  accounts_never_negative
create or replace function core.balance_of(
    p_tenant_id uuid, p_kind text, p_subject_id uuid, p_currency text)
returns bigint
language plpgsql stable
as $$
declare
    v_account ledger.accounts;
begin
    select * into v_account
    from ledger.accounts as a
    where a.tenant_id = p_tenant_id
        and a.id = core.account_id(p_tenant_id, p_kind, p_subject_id, p_currency);
    if v_account.balance is null then -- not guarded: the postings are all there is
        v_account.balance := v_account.normal * (
            select pg_catalog.sum(p.amount)
            from ledger.postings as p
            where p.tenant_id = p_tenant_id and p.account_id = v_account.id);
    end if;
    return coalesce(v_account.balance, 0);
end;
$$;
