-- Every key begins with the tenant, so that a tenant's rows can live in any database of ours: no two of
-- them count, or draw, from the same row of numbers, and a copy of one tenant meets no row of another.
--
-- Uniqueness stays what it was: ids, sessions, payments and tokens are unique by themselves, and what is
-- looked for without its tenant has an index for that, which is not unique.
--
-- All of these indexes begin with the tenant, and a session that planned while the tables were empty
-- takes the newest that fits. So those that are not primary keys only fit a query that names the column
-- they are about ("is not null" holds for all rows that have one), and are made after the primary keys.
--
-- Each table is locked while its indexes are built: some seconds for a million rows.

-- A tenant's place ---------------------------------------------------------------------------------

alter table core.tenants
    -- here · arriving: its rows are being copied from another database, which still answers for it ·
    -- left: another database answers for it, and what is here is a copy that nothing may touch
    add column state text not null default 'here',
    add constraint tenants_state_known check (state in ('here', 'arriving', 'left'));

-- History, events ----------------------------------------------------------------------------------

alter table audit.booking_events
    drop constraint booking_events_pkey,
    drop constraint booking_events_once_per_version,
    drop column id; -- a booking's versions are its order
alter table audit.booking_events
    add constraint booking_events_pkey primary key (tenant_id, booking_id, version);

alter table core.stripe_events drop constraint stripe_events_pkey;
alter table core.stripe_events add constraint stripe_events_pkey primary key (tenant_id, id);
drop index core.stripe_events_by_booking, core.stripe_events_by_age;
create index stripe_events_by_booking on core.stripe_events (tenant_id, booking_id)
    where booking_id is not null;
create index stripe_events_by_age on core.stripe_events (tenant_id, received_at)
    where received_at is not null;

-- Findings: what belongs to nobody has the nil tenant ----------------------------------------------

alter table core.findings disable trigger user;
set local role holdfast_system;
do $$
declare
    v_rows bigint;
begin
    update core.findings set tenant_id = '00000000-0000-0000-0000-000000000000' where tenant_id is null;
    get diagnostics v_rows = row_count;
    raise notice '% findings belong to no tenant', v_rows;
end;
$$;
set local role holdfast_owner;
set constraints all immediate;
set constraints all deferred;
alter table core.findings enable trigger user;
alter table core.findings
    alter column tenant_id set not null,
    drop constraint findings_pkey;
alter table core.findings add constraint findings_pkey primary key (tenant_id, object_id, kind);
drop index core.findings_by_booking;
create index findings_by_booking on core.findings (tenant_id, booking_id) where booking_id is not null;
create index findings_by_object on core.findings (object_id); -- whose it is may be news

-- Money --------------------------------------------------------------------------------------------

alter table core.checkouts
    drop constraint checkouts_id_unique,
    drop constraint checkouts_stripe_session_unique;
create unique index checkouts_stripe_session_unique on core.checkouts (tenant_id, stripe_session_id)
    where stripe_session_id is not null;
-- of a session, payment or refund whose metadata at Stripe was taken away
create index checkouts_by_stripe_session on core.checkouts (stripe_session_id) where stripe_session_id is not null;

alter table core.payments drop constraint payments_intent_unique;
create unique index payments_intent_unique on core.payments (tenant_id, payment_intent_id)
    where payment_intent_id is not null;
create index payments_by_intent on core.payments (payment_intent_id);

alter table core.refunds drop constraint refunds_stripe_refund_unique;
create unique index refunds_stripe_refund_unique on core.refunds (tenant_id, stripe_refund_id)
    where stripe_refund_id is not null;
create index refunds_by_stripe_refund on core.refunds (stripe_refund_id)
    where stripe_refund_id is not null;

-- Effects and calendars: whoever has only the id, an operator or the release before this, finds them
alter table core.effects drop constraint effects_id_unique;
create index effects_by_id on core.effects (id);
alter table core.calendars drop constraint calendars_id_unique;
create index calendars_by_id on core.calendars (id);

alter table core.calendar_feeds drop constraint calendar_feeds_token_unique;
create unique index calendar_feeds_token_unique on core.calendar_feeds (tenant_id, token_hash)
    where token_hash is not null;
create index calendar_feeds_by_token on core.calendar_feeds (token_hash); -- addresses without a tenant

alter table core.reschedules drop constraint reschedules_id_unique;
alter table core.waitlist drop constraint waitlist_id_unique;

-- Who owns which time ------------------------------------------------------------------------------

alter table core.occupancies
    drop constraint occupancies_seat_once,
    drop constraint occupancies_no_overlap,
    -- the tenant last: the order means nothing to a constraint, and by it core.occupied_ranges searches a resource
    add constraint occupancies_no_overlap exclude using gist (
        resource_id with =, unit with =, during with &&, class_id with <>, tenant_id with =);
create unique index occupancies_seat_once on core.occupancies (tenant_id, class_id, seat)
    where class_id is not null;
