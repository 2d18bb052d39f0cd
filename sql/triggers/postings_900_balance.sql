-- postings_900_balance: every journal that is posted to adds up, in one currency, over known accounts.
--
-- Asked of all postings of the journal, not of the new ones alone: a pair that is added later adds up
-- too, and is not what the journal says it has. In the statement that posts, so the fault is met in the
-- call that made it.
--
-- Raises    KHAPP  it does not
create or replace function core.judge_journals()
returns trigger
language plpgsql
as $$
declare
    v_one record;
    v_journal ledger.journals;
    v_found record;
begin
    for v_one in
        select distinct f.tenant_id, f.journal_id from fresh as f
    loop
        select * into v_journal
        from ledger.journals as j
        where j.tenant_id = v_one.tenant_id and j.id = v_one.journal_id;

        select pg_catalog.sum(p.amount) as total, pg_catalog.count(*) as lines,
            pg_catalog.count(a.currency) filter (where a.currency = v_journal.currency) as known
        into v_found
        from ledger.postings as p
        left join lateral (
            select a.currency from ledger.accounts as a
            where a.tenant_id = p.tenant_id and a.id = p.account_id
            limit 1
        ) as a on true
        where p.tenant_id = v_one.tenant_id and p.journal_id = v_one.journal_id;

        if (v_found.total, v_found.lines, v_found.known)
            is distinct from (0, v_journal.lines, v_journal.lines)
        then
            raise exception 'journal % has % lines of % that sum to %, and % accounts in its currency',
                    coalesce(v_journal.reference, v_one.journal_id::text), v_found.lines,
                    v_journal.lines, v_found.total, v_found.known
                using errcode = 'KHAPP', hint = 'post each journal whole, with core.post';
        end if;
    end loop;
    return null;
end;
$$;

create or replace trigger postings_900_balance
    after insert on ledger.postings
    referencing new table as fresh
    for each statement execute function core.judge_journals();
