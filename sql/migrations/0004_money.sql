-- Checkouts, payments, refunds, provider events, and the outbox of effects outside the database.
--
-- A table's primary key is made after its other indexes. While a table is empty all indexes that start
-- with the tenant cost the same, and the planner takes the newest; a connection keeps that plan for as
-- long as nobody has analysed the table.

create table core.checkouts (
    tenant_id uuid not null,
    id uuid not null, -- also the idempotency key of the session's creation at Stripe
    booking_id uuid not null,
    state text not null,
    parameters jsonb not null, -- exactly what is sent to Stripe, so that a repeat is byte for byte the same
    amount bigint not null, -- minor units
    currency text not null,
    session_expires_at timestamptz not null,
    session_id text,
    session_url text,
    close_reason text, -- set once we have decided that it must not be paid any more
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint checkouts_booking_exists foreign key (tenant_id, booking_id)
        references core.bookings (tenant_id, id),
    constraint checkouts_id_unique unique (id),
    constraint checkouts_session_unique unique (session_id),
    -- creating: no session known yet · open: payable · pending: a delayed method's result is
    -- awaited
    constraint checkouts_state_known check (
        state in ('creating', 'open', 'pending', 'paid', 'expired', 'failed')),
    constraint checkouts_close_reason_known check (
        close_reason in ('released', 'superseded', 'deadline')),
    constraint checkouts_open_has_session check (state <> 'open' or session_id is not null),
    constraint checkouts_amount_in_range check (amount between 50 and 99999999),
    constraint checkouts_currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$')
);

create index checkouts_by_booking on core.checkouts (tenant_id, booking_id);

-- One payable session at a time.
create unique index checkouts_one_payable_per_booking on core.checkouts (tenant_id, booking_id)
    where state in ('creating', 'open', 'pending');
alter table core.checkouts add constraint checkouts_pkey primary key (tenant_id, id);

create table core.payments (
    tenant_id uuid not null,
    id uuid not null,
    booking_id uuid not null,
    checkout_id uuid not null,
    payment_intent_id text not null,
    status text not null,
    amount bigint not null, -- what the customer really paid, minor units
    currency text not null,
    amount_refunded bigint not null default 0, -- queued, pending and done refunds together
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint payments_booking_exists foreign key (tenant_id, booking_id)
        references core.bookings (tenant_id, id),
    constraint payments_checkout_exists foreign key (tenant_id, checkout_id)
        references core.checkouts (tenant_id, id),
    constraint payments_intent_unique unique (payment_intent_id),
    constraint payments_status_known check (status in ('captured', 'quarantined')),
    constraint payments_amount_positive check (amount > 0),
    constraint payments_currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$'),
    constraint payments_refunds_within_capture check (amount_refunded between 0 and amount)
);

create index payments_by_booking on core.payments (tenant_id, booking_id);
alter table core.payments add constraint payments_pkey primary key (tenant_id, id);

create table core.refunds (
    tenant_id uuid not null,
    id uuid not null,
    payment_id uuid not null,
    booking_id uuid not null,
    amount bigint not null, -- minor units
    currency text not null,
    reason text not null,
    status text not null default 'queued',
    stripe_refund_id text,
    replaced_by uuid, -- the refund that was queued in its place when it had failed
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint refunds_payment_exists foreign key (tenant_id, payment_id)
        references core.payments (tenant_id, id),
    constraint refunds_booking_exists foreign key (tenant_id, booking_id)
        references core.bookings (tenant_id, id),
    constraint refunds_stripe_refund_unique unique (stripe_refund_id),
    constraint refunds_replacement_is_of_a_failure check (replaced_by is null or status = 'failed'),
    constraint refunds_reason_known check (
        reason in ('time_lost', 'released', 'amount_mismatch', 'duplicate_payment')),
    constraint refunds_status_known check (status in ('queued', 'pending', 'succeeded', 'failed')),
    constraint refunds_amount_positive check (amount > 0),
    constraint refunds_currency_is_iso_4217 check (currency ~ '^[A-Z]{3}$')
);

create index refunds_by_booking on core.refunds (tenant_id, booking_id);
create index refunds_by_payment on core.refunds (tenant_id, payment_id);
create index refunds_failed on core.refunds (updated_at) where status = 'failed' and replaced_by is null;
alter table core.refunds add constraint refunds_pkey primary key (tenant_id, id);

-- One provider event has one effect: its id is inserted in the transaction of that effect.
create table core.stripe_events (
    id text not null,
    tenant_id uuid not null,
    type text not null,
    booking_id uuid not null,
    created_at timestamptz not null, -- when Stripe made it
    received_at timestamptz not null,
    constraint stripe_events_booking_exists foreign key (tenant_id, booking_id)
        references core.bookings (tenant_id, id),
    constraint stripe_events_id_shape check (id ~ '^evt_[A-Za-z0-9_]{1,250}$')
);

create index stripe_events_by_booking on core.stripe_events (tenant_id, booking_id);
alter table core.stripe_events add constraint stripe_events_pkey primary key (id);

create table core.effects (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    key text not null, -- deterministic; also the idempotency key outside
    booking_id uuid not null,
    checkout_id uuid, -- expire_session
    refund_id uuid, -- refund_payment
    state text not null default 'pending',
    attempts integer not null default 0,
    due_at timestamptz not null, -- when it may next be claimed; the end of the lease while one runs
    lease uuid, -- who performs it now
    last_error text,
    -- the request, event or sweep that decided it, as core.enter_tenant knows it
    request_id text default nullif(pg_catalog.current_setting('holdfast.request_id', true), ''),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint effects_id_unique unique (id),
    constraint effects_key_unique unique (tenant_id, key),
    constraint effects_booking_exists foreign key (tenant_id, booking_id)
        references core.bookings (tenant_id, id),
    constraint effects_checkout_exists foreign key (tenant_id, checkout_id)
        references core.checkouts (tenant_id, id),
    constraint effects_refund_exists foreign key (tenant_id, refund_id)
        references core.refunds (tenant_id, id),
    constraint effects_kind_known check (kind in ('expire_session', 'refund_payment')),
    constraint effects_names_its_subject check (
        (kind = 'expire_session') = (checkout_id is not null)
        and (kind = 'refund_payment') = (refund_id is not null)),
    constraint effects_state_known check (state in ('pending', 'done', 'dead')),
    constraint effects_attempts_counted check (attempts >= 0)
);

create index effects_due on core.effects (due_at) where state = 'pending';
create index effects_failing on core.effects (created_at)
    where state = 'pending' and last_error is not null;
create index effects_dead on core.effects (updated_at) where state = 'dead';
create index effects_by_booking on core.effects (tenant_id, booking_id);
alter table core.effects add constraint effects_pkey primary key (tenant_id, id);
