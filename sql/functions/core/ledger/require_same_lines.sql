-- core.require_same_lines: refuse to post something else under a reference that is in the books.
--
-- Locks     none
-- Raises    KHKEY  the journal of this reference has other lines
-- Backstop  journals_reference_once: nothing is written in any case
create or replace function core.require_same_lines(
    p_tenant_id uuid, p_reference text, p_currency text, p_lines core.ledger_line[])
returns void
language plpgsql volatile
as $$
declare
    v_journal ledger.journals;
    v_posted text;
    v_wanted text;
begin
    select * into v_journal
    from ledger.journals as j
    where j.tenant_id = p_tenant_id and j.reference = p_reference;
    select pg_catalog.string_agg(p.account_id || ' ' || p.amount, ', ' order by p.account_id)
    into v_posted
    from ledger.postings as p
    where p.tenant_id = p_tenant_id and p.journal_id = v_journal.id;
    select pg_catalog.string_agg(l.account_id || ' ' || l.amount, ', ' order by l.account_id)
    into v_wanted
    from (
        select core.account_id(p_tenant_id, l.kind, l.subject_id, p_currency) as account_id, l.amount
        from pg_catalog.unnest(p_lines) as l
    ) as l;

    if v_posted is distinct from v_wanted then
        raise exception 'the books have % with other lines', p_reference
            using errcode = 'KHKEY', hint = 'post what is different under a reference of its own';
    end if;
end;
$$;
