-- core.lock_accounts: make the accounts that a transaction will post to, and lock the guarded ones.
--
-- Once in a transaction, with the lines of all its journals: two calls would each be in order, and
-- together not. New accounts come first, in order of id, then the locks, in order of id: a transaction
-- that waits for a lock has made all of its accounts, so no circle can close.
--
-- Locks     the guarded accounts, in order of id, once; the unguarded ones never
-- Raises    P0004  called twice in a transaction: a fault of ours
--           23514  accounts_kind_known
-- Backstop  accounts_pkey
create or replace function core.lock_accounts(
    p_tenant_id uuid, p_currency text, p_lines core.ledger_line[])
returns void
language plpgsql volatile
as $$
declare
    v_now timestamptz := core.clock();
begin
    assert coalesce(pg_catalog.current_setting('holdfast.accounts_locked', true), '') = '',
        'a transaction locks all its accounts in one call';
    perform pg_catalog.set_config('holdfast.accounts_locked', 'yes', true);

    insert into ledger.accounts (
        tenant_id, id, kind, subject_id, currency, normal, balance, created_at)
    select distinct on (core.account_id(p_tenant_id, l.kind, l.subject_id, p_currency))
        p_tenant_id, core.account_id(p_tenant_id, l.kind, l.subject_id, p_currency), l.kind,
        l.subject_id, p_currency,
        case l.kind when 'clearing' then 1 else -1 end,
        case l.kind when 'clearing' then null else 0 end,
        v_now
    from pg_catalog.unnest(p_lines) as l
    where not exists ( -- an insert would wait for a transaction that posts to it
        select from ledger.accounts as a
        where a.tenant_id = p_tenant_id
            and a.id = core.account_id(p_tenant_id, l.kind, l.subject_id, p_currency))
    order by core.account_id(p_tenant_id, l.kind, l.subject_id, p_currency)
    on conflict (tenant_id, id) do nothing;

    perform from ledger.accounts as a
    where a.tenant_id = p_tenant_id
        and a.id = any (array(
            select core.account_id(p_tenant_id, l.kind, l.subject_id, p_currency)
            from pg_catalog.unnest(p_lines) as l))
        and a.balance is not null
    order by a.id
    for no key update;
end;
$$;
