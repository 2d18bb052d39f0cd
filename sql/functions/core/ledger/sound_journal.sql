-- core.sound_journal: the rules of a row of ledger.journals, for its constraint journals_sound.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_journal(p_row ledger.journals)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'journals_currency_is_iso_4217'
        when not (pg_catalog.split_part(p_row.reference, ':', 1) in (
            'payment', 'return', 'refund', 'refunded', 'refund_failed'))
            then 'journals_event_known'
        when not (p_row.lines between 2 and 200)
            then 'journals_lines_counted'
        when not (pg_catalog.length(p_row.reference) <= 200)
            then 'journals_reference_short'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "journals" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'ledger', table = 'journals', constraint = v_broken;
    end if;
    return true;
end;
$$;
