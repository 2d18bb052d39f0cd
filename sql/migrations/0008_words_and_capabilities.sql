-- One word for one thing, and one door: who may do what is a table.

-- Capabilities -------------------------------------------------------------------------------------

-- What each kind of credential may do. The rows are part of the program, like the functions that ask
-- for them: sql/grants.sql writes them, and is the place to read them.
create table core.capabilities (
    capability text not null, -- noun.verb: what a function of schema api asks for
    kind text not null, -- of credential
    scope text not null, -- 'own': what the credential itself opens; 'tenant': all of its tenant's
    constraint capabilities_pkey primary key (capability, kind),
    constraint capabilities_capability_is_noun_verb check (capability ~ '^[a-z_]+\.[a-z_]+$'),
    constraint capabilities_kind_known check (
        kind in ('publishable', 'booking_secret', 'secret', 'link')),
    constraint capabilities_scope_known check (scope in ('own', 'tenant'))
);

alter type core.actor
    add attribute side text, -- who acts: 'customer' (their browser) or 'server' (the tenant's)
    add attribute scope text, -- of the capability that was asked for: 'own' or 'tenant'
    add attribute tenant core.tenants; -- its settings and limits, as they were when the call began
