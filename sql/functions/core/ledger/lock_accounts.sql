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
    v_id uuid;
    v_kind text;
    v_subject_id uuid;
    v_made boolean;
    v_waiting uuid[] := '{}'; -- those that were there, and carry a balance
begin
    assert coalesce(pg_catalog.current_setting('holdfast.accounts_locked', true), '') = '',
        'a transaction locks all its accounts in one call';
    perform pg_catalog.set_config('holdfast.accounts_locked', 'yes', true);

    -- one after the other: a join could be begun at the wrong end, with all accounts of the tenant
    for v_id, v_kind, v_subject_id in
        select core.account_id(p_tenant_id, l.kind, l.subject_id, p_currency) as id, l.kind,
            l.subject_id
        from pg_catalog.unnest(p_lines) as l
        order by id
    loop
        -- looked for first: an insert would wait for a transaction that is posting to it
        perform from ledger.accounts as a where a.tenant_id = p_tenant_id and a.id = v_id;
        v_made := not found;
        if v_made then
            insert into ledger.accounts (
                tenant_id, id, kind, subject_id, currency, normal, balance, created_at)
            values (
                p_tenant_id, v_id, v_kind, v_subject_id, p_currency,
                case v_kind when 'clearing' then 1 else -1 end,
                case v_kind when 'clearing' then null else 0 end, v_now)
            on conflict (tenant_id, id) do nothing;
            v_made := found;
        end if;
        if not v_made and v_kind <> 'clearing' then
            v_waiting := v_waiting || v_id;
        end if;
    end loop;

    foreach v_id in array v_waiting loop
        perform from ledger.accounts as a
        where a.tenant_id = p_tenant_id and a.id = v_id
        for no key update;
    end loop;
end;
$$;
