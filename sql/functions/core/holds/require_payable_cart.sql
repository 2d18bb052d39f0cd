-- core.require_payable_cart: refuse periods that cannot be paid together.
--
-- Locks     none
-- Raises    KHCRT  too many periods, several currencies, or a sum that no checkout takes; detail is
--                  {"reason": too_many_periods, currencies_differ or total_too_large}
-- Backstop  bookings_position_counts, checkouts_amount_in_range
create or replace function core.require_payable_cart(p_requested core.requested_period[])
returns void
language plpgsql stable
as $$
declare
    v_currencies bigint;
    v_total bigint;
    v_reason text;
begin
    select pg_catalog.count(distinct (w.bookable).currency), pg_catalog.sum((w.bookable).amount)
    into v_currencies, v_total
    from pg_catalog.unnest(p_requested) as w;

    v_reason := case
        when pg_catalog.cardinality(p_requested) > 52 then 'too_many_periods'
        when v_currencies > 1 then 'currencies_differ'
        when v_total > 99999999 then 'total_too_large'
    end;
    if v_reason is not null then
        raise exception using
            errcode = 'KHCRT',
            detail = pg_catalog.jsonb_build_object('reason', v_reason)::text;
    end if;
end;
$$;
