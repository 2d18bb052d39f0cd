-- core.sound_account: the rules of a row of ledger.accounts, for its constraint accounts_sound.
--
-- A new kind of account is a new word here; and in core.lock_accounts too, unless it is like most of
-- them: something that we owe, and guarded.
--
-- Locks     none
-- Raises    23514  a rule is broken; the constraint that is named is the rule
-- Backstop  none: this is the constraint
create or replace function core.sound_account(p_row ledger.accounts)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'accounts_currency_is_iso_4217'
        when not ((p_row.balance is null) = (p_row.kind = 'clearing'))
            then 'accounts_guarded_by_kind'
        when not (p_row.id = pg_catalog.encode(
            pg_catalog.substr(
                pg_catalog.sha256(
                    pg_catalog.uuid_send(p_row.tenant_id) || pg_catalog.uuid_send(p_row.subject_id)
                    || (p_row.kind || ':' || p_row.currency)::bytea),
                1, 16),
            'hex')::uuid)
            then 'accounts_id_is_derived'
        when not (p_row.kind in ('clearing', 'held', 'unapplied', 'refunding', 'owed'))
            then 'accounts_kind_known'
        when not (p_row.balance is null or p_row.balance >= 0)
            then 'accounts_never_negative'
        when not ((p_row.kind = 'clearing' and p_row.normal = 1)
            or (p_row.kind <> 'clearing' and p_row.normal = -1))
            then 'accounts_side_of_kind'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "accounts" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'ledger', table = 'accounts', constraint = v_broken;
    end if;
    return true;
end;
$$;
