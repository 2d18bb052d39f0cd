"""What may be held, and when a time is free."""

from tests.mutations.guard import Edit, Guard, core

_HOLD = "tests/sql/test_create_hold.py"
_SLOTS = "tests/sql/test_list_slots.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "buffer-after",
        "a booking owns its resource until the end of the buffer after it",
        (core("with_buffers", "p_ends_at + p_after_minutes * interval '1 minute'", "p_ends_at"),),
        (f"{_HOLD}::test_buffers_are_frozen_into_the_occupied_range",),
    ),
    Guard(
        "buffer-before",
        "and from the start of the buffer before it",
        (
            core(
                "with_buffers",
                "p_starts_at - p_before_minutes * interval '1 minute'",
                "p_starts_at",
            ),
        ),
        (f"{_HOLD}::test_buffers_are_frozen_into_the_occupied_range",),
    ),
    Guard(
        "capacity",
        "a resource has as many units as its capacity",
        (core("occupy", "1 .. p_capacity loop", "1 .. p_capacity + 1 loop"),),
        ("tests/sql/test_carts.py::test_one_time_twice_is_refused",),
    ),
    Guard(
        "notice",
        "nothing starts before the resource's notice has passed",
        (core("earliest_start", "p_at + p_notice_minutes * interval '1 minute'", "p_at"),),
        (f"{_SLOTS}::test_nothing_starts_before_the_notice_has_passed",),
    ),
    Guard(
        "horizon",
        "nothing starts beyond the resource's horizon",
        (core("latest_start", "p_horizon_days * interval '24 hours'", "interval '10000 hours'"),),
        (f"{_SLOTS}::test_nothing_starts_beyond_the_horizon",),
    ),
    Guard(
        "opening-hours",
        "a booking ends before the resource closes",
        (
            core(
                "bookable_runs",
                "least(w.open_until - v_length, w.closes_at - c_instant, v_last) as last",
                "least(w.open_until, w.closes_at - c_instant, v_last) as last",
            ),
        ),
        (f"{_SLOTS}::test_slots_lie_on_the_grid_inside_the_opening_hours",),
    ),
    Guard(
        "stale-holds-give-way",
        "an expired hold does not keep its time",
        (
            core(
                "owns_time",
                "(p_booking.status <> 'held' or p_booking.hold_expires_at > p_at)",
                "true",
            ),
        ),
        (f"{_HOLD}::test_a_hold_that_ran_out_gives_way_at_once",),
    ),
    Guard(
        "stale-holds-are-expired",
        "a hold of an expired hold's time expires it",
        (core("occupy", "core.expire_stale_holds(v_resource, v_during) = 0", "true"),),
        (f"{_HOLD}::test_a_hold_that_ran_out_gives_way_at_once",),
    ),
    Guard(
        "live-holds-are-kept",
        "only an expired hold gives way",
        (
            core("stale_holds", "and not core.owns_time(o, b, p_at)", ""),
            core(
                "expire_stale_holds",
                "v_booking.status = 'held' and v_booking.hold_expires_at <= core.clock()",
                "true",
            ),
        ),
        ("tests/sql/test_carts.py::test_one_time_twice_is_refused",),
    ),
    Guard(
        "hold-deadline",
        "an expired hold cannot begin a checkout",
        (
            core(
                "require_payable",
                "        or p_booking.status = 'held' and p_booking.hold_expires_at <= p_at\n",
                "",
            ),
            core(
                "require_payable",
                "coalesce(p_reschedule.expires_at, p_booking.hold_expires_at) <= p_at",
                "false",
            ),
        ),
        ("tests/sql/test_begin_checkout.py::test_a_hold_that_ran_out_is_not_paid",),
    ),
    Guard(
        "time-is-freed",
        "a booking that is no longer live frees its time in the same transaction",
        (core("transition_booking", "if not core.is_live(p_to) then", "if false then"),),
        ("tests/sql/test_release_hold.py::test_a_held_time_is_free_at_once",),
    ),
    Guard(
        "transitions",
        "a status is followed only by those that may follow it",
        (
            Edit(
                "sql/triggers/bookings_100_guard_transition.sql",
                "if old.status is distinct from new.status and not exists (",
                "if false and not exists (",
            ),
        ),
        (
            "tests/concurrency/test_checkouts.py"
            "::test_the_transition_guard_stays_the_judge_when_the_lock_is_forgotten",
        ),
    ),
)
