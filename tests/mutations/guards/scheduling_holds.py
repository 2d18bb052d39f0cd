"""Groups, pools, carts and series."""

from tests.mutations.guard import Guard, core

_RACES = "tests/concurrency/test_groups_pools_carts.py"
_CARTS = "tests/sql/test_carts.py"
_GROUPS = "tests/sql/test_groups.py"
_SERIES = "tests/sql/test_series.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "cart-lock-order",
        "carts lock their days in one order, whatever the order of their items",
        (core("lock_requested_days", "        order by 1, 2\n", ""),),
        (f"{_RACES}::test_carts_that_meet_head_on_do_not_deadlock",),
    ),
    Guard(
        "cart-moves-together",
        "until they are paid, the bookings of a cart change status together",
        (core("transition_booking", "if v_booking.cart_id = v_booking.id\n", "if false\n"),),
        (f"{_CARTS}::test_one_checkout_pays_for_all",),
    ),
    Guard(
        "cart-total",
        "what is paid for a cart is compared with the sum of its prices",
        (core("settle_paid", "core.cart_total(p_booking)", "p_booking.amount"),),
        (f"{_CARTS}::test_one_checkout_pays_for_all",),
    ),
    Guard(
        "cart-retake",
        "a late payment takes all times of a cart again, or none",
        (core("reacquire_periods", "            return false;\n", "            continue;\n"),),
        (f"{_CARTS}::test_a_late_payment_takes_all_times_or_none",),
    ),
    Guard(
        "retake-closed",
        "and none in a time that has been closed meanwhile",
        (
            core(
                "reacquire_periods",
                "            or exists (select from core.blocked_ranges(",
                "            or false and exists (select from core.blocked_ranges(",
            ),
        ),
        (f"{_CARTS}::test_a_time_that_was_closed_meanwhile_is_not_retaken",),
    ),
    Guard(
        "cart-first",
        "a later booking of an unpaid cart cannot be released by itself",
        (core("require_cart_leader", "if p_booking.cart_id <> p_booking.id and", "if false and"),),
        (f"{_CARTS}::test_a_later_one_is_paid_and_released_through_the_first",),
    ),
    Guard(
        "group-size",
        "a class has no more seats than its offering",
        (core("join_class", "p_group_size) as n", "p_group_size + 1) as n"),),
        (f"{_GROUPS}::test_customers_share_a_unit_up_to_the_size_of_the_group",),
    ),
    Guard(
        "session-joined",
        "an open class is joined before another is opened",
        (core("join_class", "o.during, 1 as preference", "o.during, 3 as preference"),),
        (f"{_GROUPS}::test_an_open_session_is_joined_before_a_new_one_is_opened",),
    ),
    Guard(
        "session-buffers",
        "a customer who joins a class gets the buffers it was opened with",
        (core("join_class", "if v_choice.during <> p_during then", "if false then"),),
        (f"{_GROUPS}::test_joining_takes_the_buffers_of_the_class",),
    ),
    Guard(
        "pool-goes-on",
        "a hold that loses a resource of a pool tries the next",
        (core("hold_from_pools", ", 0) < 2", ", 0) < 9"),),
        (f"{_RACES}::test_a_hold_that_loses_a_resource_takes_the_next",),
    ),
    Guard(
        "series-wall-time",
        "a series keeps its local time when the clocks change",
        (
            core(
                "resolve_periods",
                "(v_asked_at at time zone (v_one.bookable).timezone)"
                " + v_week * interval '7 days',\n"
                "                    (v_one.bookable).timezone, 'start')",
                "(v_asked_at at time zone 'UTC') + v_week * interval '7 days',\n"
                "                    'UTC', 'start')",
            ),
        ),
        (f"{_SERIES}::test_wall_time_is_kept_across_a_clock_change",),
    ),
)
