-- Schemas, the actor type, tenants and their API keys.

create schema if not exists core;
create schema if not exists api;
create schema if not exists audit;

-- Functions are callable by nobody until grants.sql says otherwise.
alter default privileges revoke execute on functions from public;
grant usage, create on schema core, api to holdfast_system;

-- Who is asking, decided by core.authorize and by nothing else.
create type core.actor as (
    tenant_id uuid,
    role text, -- 'publishable' | 'secret'
    key_id uuid,
    booking_secret_hash bytea,
    address_hash bytea -- keyed hash of a browser's network address; null for servers
);

create table core.tenants (
    id uuid not null,
    name text not null,
    hold_minutes integer not null default 5, -- life of an unpaid hold
    created_at timestamptz not null,
    constraint tenants_pkey primary key (id),
    constraint tenants_name_present check (length(name) between 1 and 200),
    constraint tenants_hold_minutes_sane check (hold_minutes between 1 and 60)
);

create table core.api_keys (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    key_hash bytea not null, -- SHA-256 of the key; the key itself is never stored
    label text not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint api_keys_pkey primary key (tenant_id, id),
    constraint api_keys_tenant_exists foreign key (tenant_id) references core.tenants (id),
    constraint api_keys_hash_unique unique (key_hash),
    constraint api_keys_hash_is_sha256 check (octet_length(key_hash) = 32),
    constraint api_keys_kind_known check (kind in ('publishable', 'secret')),
    constraint api_keys_label_present check (length(label) between 1 and 200)
);
