-- …_800_follow: a change of a rule compiles what follows from it, in the same transaction.
--
-- Opening hours as instants are core.openings, the catalogue as a hold asks for it is core.bookables.
-- Both belong to holdfast_system, because a sweep or a person may change the rows of any tenant. The
-- resource and the offering of a row never change.
create or replace function core.follow_hours()
returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
    v_one record;
begin
    for v_one in select distinct c.tenant_id, c.resource_id from changed as c order by 1, 2 loop
        perform core.compile_openings(v_one.tenant_id, v_one.resource_id, core.clock());
    end loop;
    return null;
end;
$$;

create or replace function core.follow_resources()
returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
    v_one record;
begin
    for v_one in select c.tenant_id, c.id from changed as c order by 1, 2 loop
        perform core.compile_openings(v_one.tenant_id, v_one.id, core.clock());
        perform core.compile_bookables(v_one.tenant_id, array[v_one.id]);
    end loop;
    return null;
end;
$$;

-- Of a table that names the resource: what can be booked of it.
create or replace function core.follow_resource_rules()
returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
    v_one record;
begin
    for v_one in select distinct c.tenant_id, c.resource_id from changed as c order by 1, 2 loop
        perform core.compile_bookables(v_one.tenant_id, array[v_one.resource_id]);
    end loop;
    return null;
end;
$$;

-- Of an offering: what can be booked of the resources that have it.
create or replace function core.follow_offerings()
returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
    v_one record;
begin
    for v_one in
        select distinct ro.tenant_id, ro.resource_id
        from changed as c
        join core.resource_offerings as ro on ro.tenant_id = c.tenant_id and ro.offering_id = c.id
        order by 1, 2
    loop
        perform core.compile_bookables(v_one.tenant_id, array[v_one.resource_id]);
    end loop;
    return null;
end;
$$;

create or replace function core.follow_prices()
returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
    v_one record;
begin
    for v_one in
        select distinct ro.tenant_id, ro.resource_id
        from changed as c
        join core.resource_offerings as ro
            on ro.tenant_id = c.tenant_id and ro.offering_id = c.offering_id
        order by 1, 2
    loop
        perform core.compile_bookables(v_one.tenant_id, array[v_one.resource_id]);
    end loop;
    return null;
end;
$$;

-- What can be charged in a currency changes with a release alone, for all tenants at once.
create or replace function core.follow_currencies()
returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
    v_one record;
begin
    for v_one in
        select distinct ro.tenant_id, ro.resource_id
        from changed as c
        join core.prices as p on p.currency = c.code
        join core.resource_offerings as ro
            on ro.tenant_id = p.tenant_id and ro.offering_id = p.offering_id
        order by 1, 2
    loop
        perform core.compile_bookables(v_one.tenant_id, array[v_one.resource_id]);
    end loop;
    return null;
end;
$$;

-- Each is written out. A loop over a list would be shorter, but the migration runner knows a trigger by
-- its statement: what no file defines any more it drops, so it would drop what the loop has just made.
create or replace trigger resources_800_follow_insert
    after insert on core.resources referencing new table as changed
    for each statement execute function core.follow_resources();
create or replace trigger resources_800_follow_update
    after update on core.resources referencing new table as changed
    for each statement execute function core.follow_resources();
create or replace trigger resources_800_follow_delete
    after delete on core.resources referencing old table as changed
    for each statement execute function core.follow_resources();
create or replace trigger weekly_hours_800_follow_insert
    after insert on core.weekly_hours referencing new table as changed
    for each statement execute function core.follow_hours();
create or replace trigger weekly_hours_800_follow_update
    after update on core.weekly_hours referencing new table as changed
    for each statement execute function core.follow_hours();
create or replace trigger weekly_hours_800_follow_delete
    after delete on core.weekly_hours referencing old table as changed
    for each statement execute function core.follow_hours();
create or replace trigger date_overrides_800_follow_insert
    after insert on core.date_overrides referencing new table as changed
    for each statement execute function core.follow_hours();
create or replace trigger date_overrides_800_follow_update
    after update on core.date_overrides referencing new table as changed
    for each statement execute function core.follow_hours();
create or replace trigger date_overrides_800_follow_delete
    after delete on core.date_overrides referencing old table as changed
    for each statement execute function core.follow_hours();
create or replace trigger resource_offerings_800_follow_insert
    after insert on core.resource_offerings referencing new table as changed
    for each statement execute function core.follow_resource_rules();
create or replace trigger resource_offerings_800_follow_update
    after update on core.resource_offerings referencing new table as changed
    for each statement execute function core.follow_resource_rules();
create or replace trigger resource_offerings_800_follow_delete
    after delete on core.resource_offerings referencing old table as changed
    for each statement execute function core.follow_resource_rules();
create or replace trigger blackouts_800_follow_insert
    after insert on core.blackouts referencing new table as changed
    for each statement execute function core.follow_resource_rules();
create or replace trigger blackouts_800_follow_delete
    after delete on core.blackouts referencing old table as changed
    for each statement execute function core.follow_resource_rules();
create or replace trigger calendars_800_follow_insert
    after insert on core.calendars referencing new table as changed
    for each statement execute function core.follow_resource_rules();
create or replace trigger calendars_800_follow_delete
    after delete on core.calendars referencing old table as changed
    for each statement execute function core.follow_resource_rules();
create or replace trigger offerings_800_follow_update
    after update on core.offerings referencing new table as changed
    for each statement execute function core.follow_offerings();
create or replace trigger prices_800_follow_insert
    after insert on core.prices referencing new table as changed
    for each statement execute function core.follow_prices();
create or replace trigger prices_800_follow_update
    after update on core.prices referencing new table as changed
    for each statement execute function core.follow_prices();
create or replace trigger prices_800_follow_delete
    after delete on core.prices referencing old table as changed
    for each statement execute function core.follow_prices();
create or replace trigger currencies_800_follow_update
    after update on core.currencies referencing new table as changed
    for each statement execute function core.follow_currencies();
