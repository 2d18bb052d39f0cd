-- core.overdue_bookings: the bookings, of every tenant, whose hold has passed its deadline and was not
-- swept yet; null if there are more than a few.
--
-- No other booking can have lost its time (core.owns_time). As a rule there are next to none, and to know
-- them saves a look at each booking of a resource.
--
-- Called as holdfast_system, which sees the rows of every tenant.
--
-- Locks     none
-- Raises    nothing
-- Backstop  none
create or replace function core.overdue_bookings(p_at timestamptz)
returns uuid[]
language plpgsql stable
as $$
declare
    c_few constant integer := 50;
    v_overdue uuid[] := array(
        select b.id from core.bookings as b where b.hold_expires_at <= p_at limit c_few + 1);
begin
    if pg_catalog.cardinality(v_overdue) > c_few then
        return null;
    end if;
    return v_overdue;
end;
$$;
