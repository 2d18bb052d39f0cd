"""The outbox: each effect happens once, and money is refunded at most once."""

from tests.mutations.guard import Guard, api, core, layer

_EFFECTS = "tests/sql/test_effects.py"
_REFUND = "tests/sql/test_settle_refund.py"
_PARTS = "tests/functions/test_partial_refunds.py"
_STRIPE = "tests/crashes/test_stripe_failures.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "lease",
        "an effect that a worker has leased is not claimed by another",
        (core("lease_effect", "v_now + p_lease_seconds * interval '1 second'", "v_now"),),
        (f"{_EFFECTS}::test_a_leased_effect_is_not_claimed_again",),
    ),
    Guard(
        "claim-lock",
        "nor while it is being claimed",
        (api("claim_effects", "        for update skip locked\n", ""),),
        (
            "tests/concurrency/test_outbox.py::test_a_second_deliverer_passes_by_what_the_first_claims",
        ),
    ),
    Guard(
        "lease-holder",
        "only the holder of the lease may release an effect",
        (api("finish_effect", " and (p_verdict = 'done' or e.lease = p_lease)", ""),),
        (f"{_EFFECTS}::test_a_stale_lease_decides_nothing",),
    ),
    Guard(
        "closed-again",
        "a checkout that can be paid although its closing was given up is closed again",
        (core("close_checkout", "if v_effect.state <> 'pending' then", "if false then"),),
        (f"{_EFFECTS}::test_closing_again_revives_a_finished_effect",),
    ),
    Guard(
        "refund-cap",
        "refunds of a payment never exceed it",
        (
            core(
                "sound_payment",
                "p_row.amount_refunded between 0 and p_row.amount",
                "p_row.amount_refunded >= 0",
            ),
        ),
        (f"{_REFUND}::test_refunds_never_exceed_the_payment",),
    ),
    Guard(
        "refund-counted",
        "a refund counts from the moment it is queued",
        (
            core(
                "queue_refund",
                "set amount_refunded = p.amount_refunded + p_amount",
                "set amount_refunded = p.amount_refunded",
            ),
        ),
        (f"{_REFUND}::test_refunds_never_exceed_the_payment",),
    ),
    Guard(
        "refund-order",
        "older news of a refund undoes nothing",
        (
            core(
                "record_refund",
                "v_was = p_status or v_was = 'failed' or"
                " (v_was = 'succeeded' and p_status = 'pending')",
                "v_was = p_status",
            ),
        ),
        (
            f"{_REFUND}::test_pending_after_success_is_ignored",
            f"{_REFUND}::test_a_failure_is_the_last_word",
        ),
    ),
    Guard(
        "refund-event-fence",
        "an event about a refund is recorded once",
        (
            api(
                "settle_refund",
                "if p_event is not null and not core.record_event(\n"
                "        p_event, v_refund.tenant_id, v_refund.booking_id)\n"
                "    then",
                "if p_event is not null and not core.record_event(\n"
                "        p_event, v_refund.tenant_id, v_refund.booking_id) and false\n"
                "    then",
            ),
        ),
        (f"{_REFUND}::test_the_same_event_twice_is_one_effect",),
    ),
    Guard(
        "refund-key",
        "a refund is sent under the key of its row, however often",
        (
            layer(
                "stripe/gateway",
                '{"idempotency_key": effect["key"] + (f":{attempt}" if attempt else "")}',
                "{}",
            ),
        ),
        (f"{_PARTS}::test_a_part_whose_refund_was_not_answered_goes_back_once[timeout_after]",),
    ),
    Guard(
        "refund-key-window",
        "when its key has lost its meaning, a refund is looked up before it is sent",
        (layer("stripe/gateway", 'if effect["age_seconds"] > _KEY_WINDOW_SECONDS:', "if False:"),),
        (f"{_STRIPE}::test_a_refund_older_than_its_key_is_looked_up",),
    ),
    Guard(
        "refund-look-up",
        "a refund that Stripe answered with 500 is looked up",
        (
            layer(
                "stripe/gateway",
                "            found = _found_refund(wanted)\n"
                "            if found is not None:\n"
                "                return found\n"
                "            if not error.replayed:",
                "            if not error.replayed:",
            ),
        ),
        (f"{_STRIPE}::test_a_refund_made_behind_a_500_is_found",),
    ),
    Guard(
        "session-key",
        "a session is made under the id of its checkout, however often",
        (layer("stripe/gateway", 'options={"idempotency_key": checkout["id"]},', "options={},"),),
        (
            "tests/functions/test_stripe_outages.py"
            "::test_a_session_whose_answer_was_lost_is_found_again",
        ),
    ),
    Guard(
        "absent-for-good",
        "an attempt is over only if its failure stays with its key",
        (
            layer(
                "stripe/gateway",
                "            if not error.replayed:\n"
                "                raise Unavailable() from error\n"
                "            raise\n",
                "            raise\n",
            ),
        ),
        (
            "tests/functions/test_stripe_outages.py"
            "::test_a_failure_that_is_not_kept_ends_no_attempt",
        ),
    ),
    Guard(
        "session-key-window",
        "when its key has lost its meaning, a session is looked up",
        (
            layer(
                "stripe/gateway", 'if checkout["age_seconds"] > _KEY_WINDOW_SECONDS:', "if False:"
            ),
        ),
        (
            f"{_STRIPE}::test_a_session_older_than_its_key_is_looked_up"
            "[before it is sent-before it begins]",
        ),
    ),
    Guard(
        "session-look-up",
        "a session that Stripe answered with 500 is looked up",
        (
            layer(
                "stripe/gateway",
                "        try:\n            return _found_session(checkout)\n",
                "        try:\n            raise Absent()\n",
            ),
        ),
        (f"{_STRIPE}::test_a_session_made_behind_a_500_is_found",),
    ),
)
