-- ledger_append_only: the books are added to, never rewritten; of an account only its balance changes.
--
-- Raises    KHAPP  always
create or replace trigger journals_append_only
    before update or delete or truncate on ledger.journals
    for each statement execute function core.refuse_rewriting();

create or replace trigger postings_append_only
    before update or delete or truncate on ledger.postings
    for each statement execute function core.refuse_rewriting();

create or replace trigger accounts_append_only
    before delete or truncate on ledger.accounts
    for each statement execute function core.refuse_rewriting();

create or replace function core.refuse_other_account()
returns trigger
language plpgsql
as $$
begin
    raise exception 'of an account nothing but its balance changes'
        using errcode = 'KHAPP', hint = 'post to another account';
end;
$$;

create or replace trigger accounts_100_only_balance
    before update on ledger.accounts
    for each row when (
        old.tenant_id <> new.tenant_id or old.id <> new.id or old.kind <> new.kind
        or old.subject_id <> new.subject_id or old.currency <> new.currency
        or old.normal <> new.normal or old.created_at <> new.created_at
        or (old.balance is null) <> (new.balance is null))
    execute function core.refuse_other_account();
