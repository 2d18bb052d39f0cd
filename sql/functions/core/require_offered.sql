-- core.require_offered: the offered period that starts at this time, or the rule that refuses it.
--
-- Locks     none (the caller holds the resource's days)
-- Raises    KHOFF  not offered; detail is {"reason": one of wrong_mode, by_request, past, notice,
--                  horizon, closed, off_grid}
-- Backstop  none
create or replace function core.require_offered(
    p_resource core.resources, p_offering core.offerings,
    p_starts_at timestamptz, p_date date, p_at timestamptz)
returns tstzrange
language plpgsql stable
as $$
declare
    v_start timestamptz := coalesce(
        p_starts_at, core.local_instant(p_date::timestamp, p_resource.timezone, 'start'));
    v_end timestamptz;
    v_reason text;
begin
    if (p_resource.booking_mode = 'date') <> (p_date is not null) then
        v_reason := 'wrong_mode';
    else
        select s.ends_at into v_end
        from core.offered(
            p_resource, p_offering, v_start, v_start + interval '1 microsecond', p_at) as s
        where s.starts_at = v_start;
        if found then
            return pg_catalog.tstzrange(v_start, v_end, '[)');
        end if;

        v_reason := case
            when p_resource.confirmation <> 'instant' then 'by_request'
            when v_start <= p_at then 'past'
            when v_start < p_at + p_resource.notice_minutes * interval '1 minute' then 'notice'
            when v_start > p_at + p_resource.horizon_days * interval '24 hours' then 'horizon'
            when exists (
                select from core.open_windows(p_resource, v_start, v_start) as w
                where v_start >= w.opens_at
                    and v_start + coalesce(p_offering.duration_minutes, 0) * interval '1 minute'
                        <= w.closes_at
            ) then 'off_grid'
            else 'closed'
        end;
    end if;

    raise exception 'the resource does not offer this time'
        using errcode = 'KHOFF',
            detail = pg_catalog.jsonb_build_object('reason', v_reason)::text,
            hint = 'take a start from GET /v1/resources/{resource_id}/slots';
end;
$$;
