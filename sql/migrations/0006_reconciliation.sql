-- Reconciliation: what Stripe's books say of money is held against ours, and every difference is kept.
--
-- A table's primary key is made after its other indexes; see 0003_bookings.sql.

-- A walk through both books. Whoever comes next goes on where the last one ended.
create table core.reconciliations (
    id uuid not null,
    from_at timestamptz not null, -- money that began to move from then on …
    until_at timestamptz not null, -- … and before then is looked at
    -- payments, refunds: what Stripe lists · our_payments, our_refunds: what of ours it did not list ·
    -- findings: what was found before and not looked at since
    phase text not null default 'payments',
    after jsonb, -- the last thing of this phase that was looked at; null at its beginning
    began_at timestamptz not null,
    finished_at timestamptz,
    constraint reconciliations_window_ordered check (from_at < until_at),
    constraint reconciliations_phase_known check (phase in (
        'payments', 'refunds', 'our_payments', 'our_refunds', 'findings', 'done')),
    constraint reconciliations_done_is_finished check ((phase = 'done') = (finished_at is not null))
);
create unique index reconciliations_one_unfinished on core.reconciliations ((true))
    where finished_at is null;
create index reconciliations_by_beginning on core.reconciliations (began_at);
alter table core.reconciliations add constraint reconciliations_pkey primary key (id);

-- Which payments and refunds of ours the present walk has looked at. Empty between walks.
create table core.reconciled_rows (
    tenant_id uuid not null,
    row_id uuid not null
);
alter table core.reconciled_rows add constraint reconciled_rows_pkey primary key (tenant_id, row_id);

-- A difference between the two books. It refers to nothing by a foreign key: what it tells of may be
-- what is wrong.
create table core.findings (
    object_id text not null, -- payment intent or refund at Stripe; our row's id if it has no other there
    kind text not null,
    tenant_id uuid, -- null: nothing of ours belongs to it
    booking_id uuid,
    row_id uuid, -- our payment or refund
    amount bigint, -- at Stripe, minor units; null: Stripe has nothing
    currency text,
    booked_amount bigint, -- in our books, minor units; null: we have nothing
    booked_currency text,
    detail text not null, -- the difference in words
    cure text, -- the stored function that was to put it right
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    resolved_at timestamptz, -- when a look first found both books alike again
    accepted_at timestamptz, -- when a person decided that it may stay as it is
    accepted_because text,
    constraint findings_kind_known check (kind in (
        'payment_unknown', 'payment_missing', 'payment_differs', 'payment_unkept',
        'refund_unknown', 'refund_missing', 'refund_differs', 'refund_status', 'refund_failed')),
    constraint findings_cure_known check (cure in ('settle_checkout', 'settle_refund')),
    constraint findings_amount_has_currency check ((amount is null) = (currency is null)),
    constraint findings_booked_has_currency check ((booked_amount is null) = (booked_currency is null)),
    constraint findings_acceptance_has_reason check ((accepted_at is null) = (accepted_because is null))
);
create index findings_open on core.findings (object_id)
    where resolved_at is null and accepted_at is null;
alter table core.findings add constraint findings_pkey primary key (object_id, kind);

-- What of ours is to be looked at is found by its time.
create index payments_by_time on core.payments (created_at, id);
create index refunds_by_time on core.refunds (created_at, id);
