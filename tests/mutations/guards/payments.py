"""Payments: recorded once, of the agreed sum, and for a time that is still there."""

from tests.mutations.guard import Edit, Guard, api, core

_SETTLE = "tests/sql/test_settle_checkout.py"
_LATE = "tests/sql/test_late_payments.py"
_BEGIN = "tests/sql/test_begin_checkout.py"
_RELEASE = "tests/sql/test_release_hold.py"
_DELAYED = "tests/sql/test_delayed_results.py::test_a_delayed_payment_is_asked_about_once_a_day"
_REASONS = "tests/sql/test_close_reasons.py"
_MEETINGS = "tests/interleavings/test_permutations.py::test_every_permutation_ends_as_expected"
_MONEY = "sql/migrations/0004_money.sql"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "event-fence",
        "a recorded event is not settled again",
        (core("record_event", "return found;", "return true;"),),
        (f"{_SETTLE}::test_the_same_event_twice_is_one_effect",),
    ),
    Guard(
        "payment-fence",
        "two events about one payment are one payment",
        (
            core(
                "record_payment",
                "    on conflict (tenant_id, payment_intent_id) where payment_intent_id is not null"
                " do nothing\n",
                "",
            ),
            Edit(
                "sql/migrations/0010_tenant_first.sql",
                "create unique index payments_intent_unique",
                "create index payments_intent_unique",
            ),
        ),
        (f"{_SETTLE}::test_two_events_about_one_payment_are_one_fact",),
    ),
    Guard(
        "expire-before-release",
        "a time that can still be paid is not released before Stripe has closed its checkout",
        (api("release_hold", "elsif v_checkout.id is not null then", "elsif false then"),),
        (f"{_RELEASE}::test_a_payable_checkout_is_closed_first",),
    ),
    Guard(
        "expire-before-sweep",
        "nor by the sweep",
        (api("expire_holds", "if v_checkout.id is null then", "if true then"),),
        ("tests/sql/test_expire_holds.py::test_a_paying_booking_is_closed_at_the_provider_first",),
    ),
    Guard(
        "expire-before-next",
        "nor is another checkout made before that",
        (
            api(
                "begin_checkout",
                "    if v_checkout.id is not null and (",
                "    if false and (",
            ),
        ),
        (f"{_BEGIN}::test_the_old_session_is_closed_before_another_is_made",),
    ),
    Guard(
        "one-payable-checkout",
        "the table itself refuses a second payable checkout of a booking",
        (
            Edit(
                _MONEY,
                "create unique index checkouts_one_payable_per_booking",
                "create index checkouts_one_payable_per_booking",
            ),
        ),
        (
            "tests/concurrency/test_checkouts.py"
            "::test_the_index_stays_the_judge_when_the_lock_is_forgotten",
        ),
    ),
    Guard(
        "others-are-closed",
        "once one checkout has paid, the others are made unpayable",
        (core("confirm_paid", "    perform core.close_other_checkouts(p_checkout);\n", ""),),
        (f"{_REASONS}::test_once_one_page_has_paid_the_other_is_closed",),
    ),
    Guard(
        "left-stays-left",
        'the reason "released" of a closing checkout is not replaced by a weaker one',
        (
            core(
                "close_checkout",
                "        and (c.close_reason is null or c.close_reason = 'superseded');",
                "        ;",
            ),
        ),
        (f"{_REASONS}::test_what_was_left_stays_left_when_its_deadline_comes",),
    ),
    Guard(
        "leaving-outweighs-replacing",
        "a checkout that was being replaced, and then was released, frees its time",
        (
            core(
                "close_checkout",
                "(c.close_reason is null or c.close_reason = 'superseded')",
                "c.close_reason is null",
            ),
        ),
        (f"{_MEETINGS}[replacing-release]",),
    ),
    Guard(
        "refused-but-left",
        "a checkout that Stripe refused, and that was released, frees its time",
        (api("attach_checkout", "coalesce(c.close_reason, 'superseded')", "'superseded'"),),
        (
            "tests/sql/test_refused_sessions.py::test_a_refused_session_does_not_keep_a_released_time",
        ),
    ),
    Guard(
        "refused-ends-what-was-left",
        "and a released booking begins no other checkout after the refusal",
        (
            api(
                "attach_checkout",
                "elsif v_booking.status = 'paying' then",
                "elsif false then",
            ),
        ),
        (
            "tests/sql/test_refused_sessions.py"
            "::test_a_released_booking_does_not_go_to_pay_after_a_refusal",
        ),
    ),
    Guard(
        "superseded-keeps-the-time",
        "the end of a checkout that was replaced does not end the booking",
        (
            core(
                "settle",
                "            and v_checkout.close_reason is distinct from 'superseded'\n",
                "",
            ),
        ),
        ("tests/sql/test_refused_sessions.py::test_a_refused_session_does_not_end_a_hold",),
    ),
    Guard(
        "next-checkout-keeps-the-time",
        "the end of one checkout does not release what another can pay",
        (core("settle", "            and (core.payable_checkout(v_booking)).id is null\n", ""),),
        (f"{_REASONS}::test_the_end_of_a_failed_attempt_leaves_the_next_one_alone",),
    ),
    Guard(
        "left-is-not-begun",
        "a booking that is being released begins no checkout",
        (core("require_payable", "p_checkout.close_reason in ('released', 'deadline')", "false"),),
        (f"{_BEGIN}::test_what_is_being_released_is_not_paid",),
    ),
    Guard(
        "pending-is-not-begun",
        "nor does one with a pending delayed payment",
        (core("require_payable", "elsif p_checkout.state = 'pending' then", "elsif false then"),),
        (f"{_BEGIN}::test_a_delayed_payment_is_waited_for",),
    ),
    Guard(
        "pending-is-not-released",
        "a booking with a pending delayed payment is not released",
        (api("release_hold", "if v_checkout.state = 'pending' then", "if false then"),),
        (f"{_RELEASE}::test_a_delayed_payment_forbids_the_release",),
    ),
    Guard(
        "delayed-result",
        "while a delayed payment is pending, Stripe is asked once a day, not all the time",
        (core("settle", "perform core.extend_for_pending_payment(v_booking);", "null;"),),
        (_DELAYED,),
    ),
    Guard(
        "delayed-is-payable",
        "and its time is not released",
        (
            core(
                "payable_checkout",
                "c.state in ('creating', 'open', 'pending')",
                "c.state in ('creating', 'open')",
            ),
        ),
        (_DELAYED,),
    ),
    Guard(
        "amount",
        "another amount than the frozen price does not confirm",
        (
            core(
                "record_payment",
                "v_amount is not distinct from p_amount",
                "true",
            ),
        ),
        (f"{_SETTLE}::test_a_wrong_sum_is_quarantined_and_goes_back",),
    ),
    Guard(
        "currency",
        "nor does another currency",
        (
            core(
                "record_payment",
                "                and v_currency is not distinct from p_currency\n",
                "",
            ),
        ),
        (f"{_SETTLE}::test_a_wrong_sum_is_quarantined_and_goes_back",),
    ),
    Guard(
        "retake",
        "a late payment confirms only if the time is free to be taken again",
        (core("settle_paid", "if core.reacquire_periods(v_booking) then", "if true then"),),
        (f"{_LATE}::test_a_late_payment_without_its_time_is_refunded_once",),
    ),
    Guard(
        "retake-in-time",
        "and has not begun",
        (core("reacquire_periods", "if v_booking.starts_at <= core.clock() --", "if false --"),),
        (f"{_LATE}::test_a_late_payment_for_a_begun_time_is_refunded",),
    ),
    Guard(
        "left-is-returned",
        "a payment that comes after the customer has released the hold is refunded",
        (
            core(
                "settle_paid", "elsif p_checkout.close_reason = 'released' then", "elsif false then"
            ),
        ),
        (f"{_LATE}::test_a_payment_after_release_is_refunded",),
    ),
    Guard(
        "old-news",
        "older news of a session undoes nothing",
        (
            core(
                "record_stripe_session",
                "            when c.state not in ('creating', 'open', 'pending') then c.state\n",
                "",
            ),
        ),
        (f"{_SETTLE}::test_nothing_undoes_a_payment",),
    ),
    Guard(
        "attached-once",
        "only the first session of a checkout is recorded",
        (api("attach_checkout", " and c.state = 'creating'", ""),),
        (f"{_BEGIN}::test_attaching_twice_is_attaching_once",),
    ),
    Guard(
        "session-is-ours",
        "a session is known by data that only we could have sent",
        (core("find_checkout", "v_reference = p_session #>> '{metadata,checkout_id}'", "true"),),
        ("tests/journeys/test_early_webhooks.py::test_a_strangers_session_cannot_pose_as_ours",),
    ),
)
