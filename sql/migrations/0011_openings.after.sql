-- Compile the openings of every resource that exists, and what can be booked of it.
set local role holdfast_system;
do $$
declare
    v_one record;
    v_rows bigint := 0;
begin
    for v_one in
        select r.tenant_id, r.id from core.resources as r
        where r.archived_at is null
        order by r.tenant_id, r.id
    loop
        perform core.compile_openings(v_one.tenant_id, v_one.id, core.clock());
        perform core.compile_bookables(v_one.tenant_id, array[v_one.id]);
        v_rows := v_rows + 1;
    end loop;
    raise notice 'openings of % resources are compiled', v_rows;
end;
$$;
set local role holdfast_owner;
