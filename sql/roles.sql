-- Roles: who exists. Idempotent; run by the migrating user before anything else.
--
-- holdfast_owner   owns every table and every function bound to one tenant
-- holdfast_system  owns the few functions that must look across tenants (sign-in, sweeps, webhooks)
-- the others       one login per Lambda function; they own nothing and may only execute
-- (grants.sql)
--
-- Roles belong to the whole cluster, so several databases may create them at the same moment.

do $$
declare
    v_role text;
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

    foreach v_role in array array[
        'holdfast_availability', 'holdfast_blackouts', 'holdfast_bookings', 'holdfast_calendars', 'holdfast_catalogue',
        'holdfast_checkout',
        'holdfast_confirmation',
        'holdfast_deliver', 'holdfast_expire_holds', 'holdfast_health', 'holdfast_offer_waiting',
        'holdfast_pools', 'holdfast_refresh_calendars', 'holdfast_schedules',
        'holdfast_waitlist', 'holdfast_webhook'
    ] loop
        if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
            begin
                execute pg_catalog.format('create role %I login noinherit', v_role);
                execute pg_catalog.format('alter role %I set timezone = %L', v_role, 'UTC');
                execute pg_catalog.format(
                    'alter role %I set statement_timeout = %L', v_role, '15s');
                execute pg_catalog.format(
                    'alter role %I set idle_in_transaction_session_timeout = %L', v_role, '15s');
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
    end loop;

    -- The migrating user (no superuser on managed services) acts as both owners. From version 16
    -- on, whoever creates a role is its member, but may not act as it.
    foreach v_role in array array['holdfast_owner', 'holdfast_system'] loop
        if not pg_catalog.pg_has_role(
            current_user, v_role, case when v_version >= 160000 then 'set' else 'member' end)
        then
            execute pg_catalog.format('grant %I to %I', v_role, current_user);
        end if;
    end loop;

    execute pg_catalog.format(
        'grant create, temporary on database %I to holdfast_owner',
        pg_catalog.current_database());
    -- a login role needs nothing of its own here, not even something temporary
    execute pg_catalog.format(
        'revoke temporary on database %I from public', pg_catalog.current_database());
end;
$$;
