-- The ledger: double entry for every payment and refund, and which booking each payment is for.
--
-- accounts carry a balance only where money could run out (a booking's, a refund's); what a whole tenant
-- shares has none, and is never updated. There are no foreign keys inside the ledger: they would lock the
-- tenant's one clearing row in every payment; a trigger asks instead (docs/adr/0042). What exists
-- already is booked by 0014_ledger.after.sql.
--
-- A table's primary key is made after its other indexes; see 0004.

create schema if not exists ledger;
grant usage on schema ledger to holdfast_system;

create type core.ledger_line as (
    kind text,
    subject_id uuid,
    amount bigint -- minor units, above zero for a debit
);

create table ledger.accounts (
    tenant_id uuid not null,
    id uuid not null, -- core.account_id of the next three
    kind text not null,
    subject_id uuid not null, -- the booking, payment or refund; nil for the tenant as a whole
    currency text not null,
    normal smallint not null, -- 1: debits raise it (what there is) · -1: credits do (what is owed)
    balance bigint, -- minor units in its own direction; null: not guarded, never updated
    created_at timestamptz not null
) with (fillfactor = 70); -- the balance is in no index, so that every update stays on its page

create or replace function core.account_id(
    p_tenant_id uuid, p_kind text, p_subject_id uuid, p_currency text)
returns uuid
language sql immutable parallel safe
as $$
    select pg_catalog.encode(
        pg_catalog.substr(
            pg_catalog.sha256(
                pg_catalog.uuid_send(p_tenant_id) || pg_catalog.uuid_send(p_subject_id)
                || (p_kind || ':' || p_currency)::bytea),
            1, 16),
        'hex')::uuid
$$;
grant execute on function core.account_id to holdfast_system;

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

alter table ledger.accounts add constraint accounts_sound check (core.sound_account(accounts));
grant execute on function core.sound_account to holdfast_system;
alter table ledger.accounts add constraint accounts_pkey primary key (tenant_id, id);

create table ledger.journals (
    tenant_id uuid not null,
    id uuid not null,
    reference text not null, -- what happened, in words that are the same each time: payment:<payment>
    currency text not null,
    lines smallint not null, -- how many postings it has
    booking_id uuid, -- on whose statement it stands
    at timestamptz not null,
    request_id text, -- the request, event or sweep that decided it
    constraint journals_reference_once unique (tenant_id, reference)
);
create index journals_by_booking on ledger.journals (tenant_id, booking_id, at)
    where booking_id is not null;

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

alter table ledger.journals add constraint journals_sound check (core.sound_journal(journals));
grant execute on function core.sound_journal to holdfast_system;
alter table ledger.journals add constraint journals_pkey primary key (tenant_id, id);

create table ledger.postings (
    tenant_id uuid not null,
    journal_id uuid not null,
    account_id uuid not null,
    amount bigint not null, -- minor units of the journal's currency; above zero is a debit
    constraint postings_not_zero check (amount <> 0)
);
create index postings_by_account on ledger.postings (tenant_id, account_id);
alter table ledger.postings
    add constraint postings_pkey primary key (tenant_id, journal_id, account_id);

-- Which booking a payment is for ---------------------------------------------------------------------

create table core.allocations (
    tenant_id uuid not null,
    id uuid not null,
    booking_id uuid not null,
    kind text not null, -- by what it is paid
    covers bigint not null, -- of the price, minor units
    value bigint not null, -- the money behind it
    returned bigint not null default 0, -- what of the value went back, or is on its way
    currency text not null,
    payment_id uuid not null,
    created_at timestamptz not null,
    constraint allocations_booking_exists foreign key (tenant_id, booking_id)
        references core.bookings (tenant_id, id),
    constraint allocations_payment_exists foreign key (tenant_id, payment_id)
        references core.payments (tenant_id, id)
);
create unique index allocations_once_per_instrument on core.allocations
    (tenant_id, booking_id, kind, payment_id) where booking_id is not null;
create index allocations_by_payment on core.allocations (tenant_id, payment_id)
    where payment_id is not null;

create or replace function core.sound_allocation(p_row core.allocations)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.covers > 0)
            then 'allocations_covers_something'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'allocations_currency_is_iso_4217'
        when not (p_row.kind in ('card'))
            then 'allocations_kind_known'
        when not (p_row.value = p_row.covers)
            then 'allocations_money_covers'
        when not (p_row.returned between 0 and p_row.value)
            then 'allocations_returns_within_value'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "allocations" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'allocations', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.allocations
    add constraint allocations_sound check (core.sound_allocation(allocations));
grant execute on function core.sound_allocation to holdfast_system;
alter table core.allocations add constraint allocations_pkey primary key (tenant_id, id);

create table core.returns (
    tenant_id uuid not null,
    id uuid not null,
    booking_id uuid not null,
    key text not null, -- what can happen once: price_difference:<reschedule>, not_kept:<payment>
    amount bigint not null,
    currency text not null,
    created_at timestamptz not null,
    constraint returns_booking_exists foreign key (tenant_id, booking_id)
        references core.bookings (tenant_id, id),
    constraint returns_once unique (tenant_id, booking_id, key)
);

create or replace function core.sound_return(p_row core.returns)
returns boolean
language plpgsql immutable
as $$
declare
    v_broken text := case
        when not (p_row.amount > 0)
            then 'returns_amount_positive'
        when not (p_row.currency ~ '^[A-Z]{3}$')
            then 'returns_currency_is_iso_4217'
        when not (p_row.key ~ '^(price_difference|not_kept):[\x21-\x7e]{1,255}$')
            then 'returns_key_known'
    end;
begin
    if v_broken is not null then
        raise exception 'new row for relation "returns" violates check constraint "%"', v_broken
            using errcode = '23514', schema = 'core', table = 'returns', constraint = v_broken;
    end if;
    return true;
end;
$$;

alter table core.returns add constraint returns_sound check (core.sound_return(returns));
grant execute on function core.sound_return to holdfast_system;
alter table core.returns add constraint returns_pkey primary key (tenant_id, id);

-- of the return that decided it; its booking is the one that the money was for
alter table core.refunds
    add column return_id uuid,
    add constraint refunds_return_exists foreign key (tenant_id, return_id)
        references core.returns (tenant_id, id);

create table core.return_parts (
    tenant_id uuid not null,
    return_id uuid not null,
    allocation_id uuid not null,
    amount bigint not null,
    refund_id uuid not null, -- the refund that sends it: the newest, if one failed
    constraint return_parts_allocation_exists foreign key (tenant_id, allocation_id)
        references core.allocations (tenant_id, id),
    constraint return_parts_refund_exists foreign key (tenant_id, refund_id)
        references core.refunds (tenant_id, id),
    constraint return_parts_return_exists foreign key (tenant_id, return_id)
        references core.returns (tenant_id, id),
    constraint return_parts_amount_positive check (amount > 0)
);
alter table core.return_parts
    add constraint return_parts_pkey primary key (tenant_id, return_id, allocation_id);
