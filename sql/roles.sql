-- Roles. Idempotent; run by the migrating user before anything else. That user needs CREATEROLE and
-- to own the database, and nothing that only a superuser has.
--
-- holdfast_owner   owns every table and every function bound to one tenant
-- holdfast_system  owns the few functions that must look across tenants (sign-in, sweeps, webhooks)
-- the others       one login per Lambda function; they own nothing and may only execute
--                  (grants.sql). How they prove who they are is no part of the schema:
--                  holdfast/migrations/logins.py
--
-- Roles belong to the whole cluster, so several databases may create them at the same moment.

do $$
declare
    v_role text;
    v_settings text[];
    v_version integer := pg_catalog.current_setting('server_version_num')::integer;
begin
    foreach v_role in array array['holdfast_owner', 'holdfast_system'] loop
        if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
            begin
                execute pg_catalog.format('create role %I nologin noinherit', v_role);
            exception when duplicate_object or unique_violation then
                null; -- another database of this cluster was first
            end;
        end if;
    end loop;

    -- the functions of template.yaml that have a DATABASE_ROLE; grants.sql says what each may call
    foreach v_role in array array[
        'holdfast_availability',
        'holdfast_blackouts',
        'holdfast_bookings',
        'holdfast_calendars',
        'holdfast_catalogue',
        'holdfast_checkout',
        'holdfast_confirmation',
        'holdfast_customers',
        'holdfast_deliver',
        'holdfast_expire_holds',
        'holdfast_health',
        'holdfast_lifecycle',
        'holdfast_offer_waiting',
        'holdfast_pools',
        'holdfast_reconcile',
        'holdfast_refresh_calendars',
        'holdfast_retention',
        'holdfast_schedules',
        'holdfast_waitlist',
        'holdfast_webhook'
    ] loop
        if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
            begin
                execute pg_catalog.format('create role %I login noinherit', v_role);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
        -- Properties of the role rather than `set`s of its sessions, which a pooling proxy would
        -- have to keep apart. Left alone where they are right: changing a role is a collision with
        -- all databases that do the same at this moment.
        v_settings := array(
            select pg_catalog.unnest(s.setconfig)
            from pg_catalog.pg_db_role_setting as s
            where s.setdatabase = 0 and s.setrole = pg_catalog.to_regrole(v_role)
        );
        if not v_settings @> array['TimeZone=UTC'] then
            execute pg_catalog.format('alter role %I set timezone = %L', v_role, 'UTC');
        end if;
        if not v_settings @> array['search_path=""'] then
            execute pg_catalog.format('alter role %I set search_path = %L', v_role, '');
        end if;
        if not v_settings @> array['statement_timeout=15s'] then
            execute pg_catalog.format('alter role %I set statement_timeout = %L', v_role, '15s');
        end if;
        if not v_settings @> array['idle_in_transaction_session_timeout=15s'] then
            execute pg_catalog.format(
                'alter role %I set idle_in_transaction_session_timeout = %L', v_role, '15s');
        end if;
    end loop;

    -- The migrating user (no superuser on managed services) acts as both owners. From version 16
    -- on, the creator of a role is its member, but may not act as it.
    foreach v_role in array array['holdfast_owner', 'holdfast_system'] loop
        if not (
            pg_catalog.pg_has_role(
                current_user, v_role, case when v_version >= 160000 then 'set' else 'member' end)
            and pg_catalog.pg_has_role(current_user, v_role, 'usage')
        ) then
            execute pg_catalog.format(
                case
                    when v_version >= 160000 then 'grant %I to %I with inherit true, set true'
                    else 'grant %I to %I'
                end,
                v_role, current_user);
        end if;
    end loop;

    execute pg_catalog.format(
        'grant create, temporary on database %I to holdfast_owner',
        pg_catalog.current_database());
    -- a login role needs no objects of its own here, not even temporary ones
    execute pg_catalog.format(
        'revoke temporary on database %I from public', pg_catalog.current_database());
end;
$$;

-- By the migrating user as well: not every managed service lets a role of ours create it.
create extension if not exists btree_gist with schema public;

-- What PostgreSQL grants to public, and no function of ours needs from its caller: large objects,
-- and the advisory locks that are the locks of days and identities here. These functions belong to
-- the server. A managed service may not let us revoke them; then a notice says so, and that is all:
-- each login is a function's of ours, and none takes such a lock by itself.
do $$
declare
    v_function regprocedure;
    v_kept integer := 0;
begin
    for v_function in
        select p.oid::regprocedure
        from pg_catalog.pg_proc as p
        where p.pronamespace = 'pg_catalog'::regnamespace
            and p.proname ~ '^(lo_|loread$|lowrite$|pg_(try_)?advisory_)'
            and pg_catalog.has_function_privilege('public', p.oid, 'execute')
    loop
        if not pg_catalog.has_function_privilege(v_function, 'execute with grant option') then
            v_kept := v_kept + 1;
            continue;
        end if;
        execute pg_catalog.format('revoke execute on function %s from public', v_function);
        if v_function::text ~ 'advisory' then
            execute pg_catalog.format(
                'grant execute on function %s to holdfast_owner, holdfast_system, %I',
                v_function, current_user);
        end if;
    end loop;
    if v_kept > 0 then
        raise warning '% functions for large objects and advisory locks stay open to public', v_kept
            using hint = 'only a superuser can change that; see docs/database.md';
    end if;
end;
$$;
