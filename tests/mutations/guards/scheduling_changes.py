"""Rescheduling a booking, and paying the difference."""

from tests.mutations.guard import Guard, api, core

_MOVE = "tests/sql/test_reschedule.py"
_CHANGES = "tests/sql/test_reschedule_payments.py"
_RACES = "tests/concurrency/test_reschedules.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "order-of-moves",
        "a reschedule locks the days it leaves and enters in the common order",
        (
            core(
                "lock_reschedule_days",
                "if (v_from.id, pg_catalog.lower(v_old))"
                " <= (p_resource.id, pg_catalog.lower(v_new)) then",
                "if true then",
            ),
        ),
        (f"{_RACES}::test_bookings_that_change_days_do_not_deadlock",),
    ),
    Guard(
        "moved-meanwhile",
        "a reschedule that waited reads the booking's time again",
        (
            api(
                "reschedule_booking",
                "(v_booking.resource_id, v_booking.starts_at)"
                " <> (v_seen.resource_id, v_seen.starts_at)",
                "false",
            ),
        ),
        (f"{_RACES}::test_a_booking_rescheduled_meanwhile_is_read_again",),
    ),
    Guard(
        "one-change-at-a-time",
        "a booking with a reschedule that waits for payment is not rescheduled again",
        (
            core(
                "require_reschedulable",
                "        when exists (\n",
                "        when false and exists (\n",
            ),
        ),
        (f"{_MOVE}::test_what_cannot_be_rescheduled",),
    ),
    Guard(
        "begun-is-not-moved",
        "nor one that has begun",
        (
            core(
                "require_reschedulable", "when p_booking.starts_at <= p_at then", "when false then"
            ),
        ),
        (f"{_MOVE}::test_what_cannot_be_rescheduled",),
    ),
    Guard(
        "no-repricing-while-paying",
        "nor one whose payment page is open",
        (
            core(
                "require_reschedulable", "when p_booking.status = 'paying' then", "when false then"
            ),
            core(
                "require_reschedulable",
                "when p_booking.status not in ('held', 'scheduled') then",
                "when p_booking.status not in ('held', 'paying', 'scheduled') then",
            ),
        ),
        (f"{_MOVE}::test_what_cannot_be_rescheduled",),
    ),
    Guard(
        "difference-amount",
        "another sum than the frozen difference reschedules nothing",
        (
            core(
                "settle_reschedule_paid",
                "if v_payment.status = 'quarantined' then",
                "if false then",
            ),
        ),
        (f"{_CHANGES}::test_a_wrong_sum_reschedules_nothing_and_is_refunded",),
    ),
    Guard(
        "change-expire-before-sweep",
        "the sweep frees the time of a reschedule only when it can no longer be paid",
        (
            core(
                "expire_reschedules",
                "elsif v_checkout.reschedule_id is distinct from v_reschedule.id then",
                "elsif true then",
            ),
        ),
        (f"{_CHANGES}::test_the_sweep_closes_the_page_first",),
    ),
    Guard(
        "change-expire-before-release",
        "and so does the customer",
        (
            api(
                "cancel_reschedule",
                "if v_checkout.reschedule_id is distinct from v_reschedule.id then",
                "if true then",
            ),
        ),
        (f"{_CHANGES}::test_an_open_page_is_closed_before_the_time_is_free",),
    ),
    Guard(
        "late-change",
        "a difference paid late reschedules the booking only if the time is free",
        (
            core(
                "reacquire_reschedule_time",
                "        v_offering.group_size, 2)\n",
                "        v_offering.group_size, 2) or true\n",
            ),
        ),
        (f"{_CHANGES}::test_paid_late_without_the_time_it_goes_back",),
    ),
    Guard(
        "late-change-of-another-price",
        "and not after a reschedule to another price",
        (
            core(
                "reacquire_reschedule_time",
                "    elsif (core.pending_reschedule(p_booking)).id is not null",
                "    elsif false",
            ),
        ),
        (f"{_CHANGES}::test_paid_late_without_the_time_it_goes_back",),
    ),
    Guard(
        "begun-is-not-exchanged",
        "a customer who has had the old time does not get the new one",
        (
            core(
                "reacquire_reschedule_time",
                "least(p_booking.starts_at, p_reschedule.starts_at) <= core.clock()",
                "p_reschedule.starts_at <= core.clock()",
            ),
        ),
        (f"{_CHANGES}::test_paid_when_the_old_time_has_begun_it_goes_back",),
    ),
    Guard(
        "renewed-for-ever",
        "an unpaid time is kept for a while at most, however often its page is renewed",
        (
            core(
                "require_renewal",
                "if core.stripe_session_expiry(p_at) > v_limit then",
                "if false then",
            ),
        ),
        (f"{_CHANGES}::test_nothing_is_renewed_for_ever",),
    ),
    Guard(
        "stale-change",
        "an expired reschedule does not block its time",
        (core("reschedule_expired", "c.expires_at <= p_at", "false"),),
        (f"{_CHANGES}::test_an_expired_reschedule_blocks_no_time",),
    ),
    Guard(
        "free-cancellation-stays",
        "a reschedule does not change the deadline of free cancellation",
        (
            core(
                "apply_reschedule",
                "    set resource_id = v_booking.resource_id,\n",
                "    set resource_id = v_booking.resource_id,\n"
                "        free_cancel_until = v_booking.free_cancel_until"
                " + (v_booking.starts_at - p_booking.starts_at),\n",
            ),
        ),
        (f"{_MOVE}::test_free_cancellation_keeps_its_deadline",),
    ),
)
