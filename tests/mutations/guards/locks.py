"""Locks, and checking again once they are held."""

from tests.mutations.guard import Edit, Guard, api, core

_CHECKOUTS = "tests/concurrency/test_checkouts.py"
_SWEEP = "tests/sql/test_expire_holds.py::test_a_locked_booking_is_skipped"
_EXPIRY = "tests/concurrency/test_expiry.py"
_WAITS = "tests/concurrency/test_lock_waits.py"
_LATE = "tests/concurrency/test_late_payments.py"
_ROW_LOCK = "    for no key update;"
_MEETINGS = "tests/interleavings/test_permutations.py::test_every_permutation_ends_as_expected"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "day-lock",
        "a hold waits for another hold of the same resource and day",
        (
            core("lock_days", "perform pg_catalog.pg_advisory_xact_lock(", "perform ("),
            core("await_days", "perform pg_catalog.pg_advisory_xact_lock_shared(", "perform ("),
        ),
        ("tests/sql/test_create_hold.py::test_a_busy_day_is_not_waited_for_longer_than_3_s",),
    ),
    Guard(
        "day-lock-order",
        "days are locked upwards, so that two bookings over midnight never deadlock",
        (
            core("lock_days", "while v_day <= v_last loop", "while v_last >= v_day loop"),
            core("lock_days", "pg_catalog.to_char(v_day::", "pg_catalog.to_char(v_last::"),
            core("lock_days", "v_day := v_day + 1;", "v_last := v_last - 1;"),
        ),
        ("tests/concurrency/test_locks.py::test_days_are_locked_in_one_order",),
    ),
    Guard(
        "late-payment-day-lock",
        "a late payment takes its time again only under the day's lock",
        (core("settle", "        perform core.lock_lost(v_booking);\n", ""),),
        (f"{_WAITS}::test_a_time_is_not_retaken_once_it_has_begun",),
    ),
    Guard(
        "late-payment-lock-order",
        "a payment that finds its time lost while it waited is repeated, with the day first",
        (core("settle", "not core.is_live(v_booking.status) and not v_days_locked", "false"),),
        (f"{_LATE}::test_a_payment_that_loses_its_time_while_it_waits_asks_to_be_repeated",),
    ),
    Guard(
        "booking-lock",
        "an action on a booking waits for another one under way",
        (core("lock_booking", _ROW_LOCK, "    ;"),),
        (f"{_CHECKOUTS}::test_a_release_waits_for_the_checkout_being_begun",),
    ),
    Guard(
        "settle-lock",
        "a payment reads its booking only when no other action on it is under way",
        (core("settle", _ROW_LOCK, "    ;"),),
        ("tests/sql/test_settle_checkout.py::test_a_lost_time_is_noticed_under_the_lock",),
    ),
    Guard(
        "settle-lock-mode",
        "a payment's lock does not wait for events that only refer to the booking",
        (core("settle", _ROW_LOCK, "    for update;"),),
        ("tests/sql/test_settle_checkout.py::test_two_events_at_once_do_not_deadlock",),
    ),
    Guard(
        "refund-booking-lock",
        "events about one refund wait for each other at its booking",
        (core("record_refund", _ROW_LOCK, "    ;"),),
        (f"{_MEETINGS}[refunding-unrefunded]",),
    ),
    Guard(
        "stale-hold-lock",
        "a hold of an expired hold's time waits for an action on that hold",
        (core("expire_stale_holds", "        for no key update;", "        ;"),),
        (f"{_EXPIRY}::test_a_taker_waits_for_a_checkout_that_began_in_time",),
    ),
    Guard(
        "stale-hold-second-look",
        "and then checks again whether it is still expired",
        (
            core(
                "expire_stale_holds",
                "if v_booking.status = 'held' and v_booking.hold_expires_at <= core.clock() then",
                "if true then",
            ),
        ),
        (f"{_EXPIRY}::test_a_taker_waits_for_a_checkout_that_began_in_time",),
    ),
    Guard(
        "stale-hold-swept",
        "and then takes its time if a sweep ended it meanwhile",
        (core("expire_stale_holds", "v_booking.status = 'expired'", "false"),),
        (f"{_EXPIRY}::test_a_hold_gets_the_time_that_a_sweep_is_about_to_free",),
    ),
    Guard(
        "rule-before-taken",
        "a hold that lost while it waited is refused by a rule first",
        (
            core(
                "hold_periods",
                "core.broken_rule(p_requested[1], v_counted, core.clock()), 'taken'));",
                "null, 'taken'));",
            ),
        ),
        (
            "tests/concurrency/test_holds.py"
            "::test_a_loser_whose_time_has_begun_is_refused_by_the_rule",
        ),
    ),
    Guard(
        "sweep-lock",
        "a sweep skips bookings that are locked",
        (api("expire_holds", "            for no key update skip locked\n", ""),),
        (_SWEEP,),
    ),
    Guard(
        "sweep-skips",
        "and does not wait for them",
        (api("expire_holds", "for no key update skip locked", "for no key update"),),
        (_SWEEP,),
    ),
    Guard(
        "checkout-clock-after-lock",
        "whether a hold has expired is decided by the clock after the wait for its row",
        (
            api("begin_checkout", "    v_now timestamptz := core.clock();\n", ""),
            api(
                "begin_checkout",
                "    v_booking core.bookings := core.lock_booking(v_actor, p_booking_id);\n",
                "    v_now timestamptz := core.clock();\n"
                "    v_booking core.bookings := core.lock_booking(v_actor, p_booking_id);\n",
            ),
        ),
        (f"{_WAITS}::test_a_hold_that_ran_out_during_the_wait_is_not_paid",),
    ),
    Guard(
        "hold-clock-after-lock",
        "a hold lasts from the moment it was made, not from before the wait for the day",
        (
            core("hold_periods", "    v_now := core.clock();\n", ""),
            core(
                "hold_periods",
                "    v_requested := core.lock_days_or_lose(p_requested);\n",
                "    v_now := core.clock();\n"
                "    v_requested := core.lock_days_or_lose(p_requested);\n",
            ),
        ),
        (f"{_WAITS}::test_a_hold_lasts_from_the_moment_it_was_made",),
    ),
    Guard(
        "waiters-wake-together",
        "a hold that waits and loses its time does not wait for others that wait",
        (
            core(
                "await_days",
                "pg_advisory_xact_lock_shared(",
                "pg_advisory_xact_lock(",
            ),
        ),
        ("tests/concurrency/test_holds.py::test_all_who_wait_are_refused_together",),
    ),
    Guard(
        "hold-rules-after-lock",
        "whether a time is bookable is checked again after the wait for the day",
        (
            core(
                "hold_periods",
                "v_reason := core.broken_rule(v_one, v_counted, v_now);",
                "v_reason := null;",
            ),
        ),
        ("tests/sql/test_create_hold.py::test_the_rules_are_judged_after_the_wait_for_the_lock",),
    ),
    Guard(
        "exclusion-constraint",
        "the table itself refuses overlapping occupancies",
        (
            Edit(
                "sql/migrations/0010_tenant_first.sql",
                "    drop constraint occupancies_no_overlap,\n"
                "    -- the tenant last: the order means nothing to a constraint,"
                " and by it core.occupied_ranges searches a resource\n"
                "    add constraint occupancies_no_overlap exclude using gist (\n"
                "        resource_id with =, unit with =, during with &&, class_id with <>,"
                " tenant_id with =);\n",
                "    drop constraint occupancies_no_overlap;\n",
            ),
        ),
        (
            "tests/concurrency/test_holds.py"
            "::test_the_constraint_stays_the_judge_when_the_lock_is_forgotten",
        ),
    ),
    Guard(
        "lock-timeout",
        "no function waits for a lock for longer than a caller would",
        (api("create_hold", "set lock_timeout = '3s'\n", ""),),
        (
            "tests/interleavings/test_catalogue.py"
            "::test_every_function_that_changes_something_has_a_limit",
        ),
    ),
)
