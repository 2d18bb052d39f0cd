-- core.hold_from_pools: as core.hold_periods, for a request in which any resource of a pool will do.
--
-- One candidate after the other is tried for each pool, and a series gets one resource for all its
-- periods. A try that fails is undone with its locks before the next begins, so days are always locked
-- in order.
--
-- An item takes the first candidate that has its times; a request whose pools overlap is not solved
-- as a puzzle.
--
-- Returns   what is held, all of it, in order of position
-- Locks     as core.hold_periods
-- Raises    KHNTF · KHPRC · KHCRT · KHOFF · KHTKN · KHLIM · KHCAL · KHCAU · 55P03
-- Backstop  occupancies_no_overlap, occupancies_seat_once
create or replace function core.hold_from_pools(
    p_actor core.actor, p_booking_id uuid, p_secret_hash bytea, p_request jsonb,
    p_customer_id uuid, p_checked jsonb)
returns core.bookings[]
language plpgsql volatile
as $$
declare
    v_items jsonb := core.hold_items(p_request);
    v_candidates jsonb := '{}'; -- item: its resources, those not tried yet
    v_picks uuid[] := pg_catalog.array_fill(null::uuid, array[pg_catalog.jsonb_array_length(v_items)]);
    v_was_taken smallint[] := '{}'; -- items of which some candidate was taken
    v_requested core.requested_period[];
    v_one core.requested_period;
    v_taken record;
    v_conflicts jsonb;
    v_lost jsonb;
    v_failed smallint[];
    v_unreadable boolean;
    v_item smallint;
begin
    for v_item in 1 .. pg_catalog.cardinality(v_picks) loop
        if v_items #>> array[(v_item - 1)::text, 'pool_id'] is not null then
            v_candidates := v_candidates || pg_catalog.jsonb_build_object(v_item, core.pool_candidates(
                p_actor, v_items -> (v_item - 1), p_booking_id, core.clock()));
            v_picks[v_item] := (v_candidates #>> array[v_item::text, '0'])::uuid;
        end if;
    end loop;

    loop
        v_requested := core.resolve_periods(p_actor, p_request, v_picks);
        v_conflicts := core.conflicts(v_requested, core.clock());
        v_unreadable := false;
        if v_conflicts = '{}' then
            begin
                perform core.limit_share(p_actor, v_requested);
                v_taken := core.hold_periods(
                    p_actor, p_booking_id, p_secret_hash, p_request, p_customer_id, v_requested, p_checked);
                v_conflicts := v_taken.p_conflicts;
                if v_conflicts = '{}' then
                    return v_taken.p_held;
                end if;
                raise exception 'not these resources'
                    using errcode = 'KHTKN', hint = 'try the next of the pool';
            exception
                when sqlstate 'KHTKN' then
                    null; -- v_conflicts says which; all else of the try is undone
                when sqlstate 'KHCAU' then
                    v_unreadable := true;
            end;
        end if;

        v_failed := '{}';
        v_lost := '{}';
        foreach v_one in array v_requested loop
            if v_conflicts ? v_one.position::text or v_unreadable and v_one.pool_id is not null then
                v_failed := v_failed || v_one.item;
                if v_conflicts ->> v_one.position::text = 'taken' then
                    v_was_taken := v_was_taken || v_one.item;
                end if;
                if coalesce(pg_catalog.jsonb_array_length(v_candidates -> v_one.item::text), 0) < 2 then
                    v_lost := v_lost || pg_catalog.jsonb_build_object(
                        v_one.position,
                        case when v_one.item = any (v_was_taken) or v_unreadable
                            then 'taken' else v_conflicts ->> v_one.position::text end);
                end if;
            end if;
        end loop;
        if v_lost <> '{}' then
            perform core.raise_conflicts(
                v_requested, v_lost, core.counted_customer(p_actor, p_request, p_customer_id),
                core.clock());
        end if;

        foreach v_item in array array(select distinct f from pg_catalog.unnest(v_failed) as f) loop
            v_candidates := pg_catalog.jsonb_set(
                v_candidates, array[v_item::text], (v_candidates -> v_item::text) - 0);
            v_picks[v_item] := (v_candidates #>> array[v_item::text, '0'])::uuid;
        end loop;
    end loop;
end;
$$;
