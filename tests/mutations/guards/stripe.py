"""What to believe of Stripe's messages, and what to do without an answer."""

from tests.mutations.guard import Guard, layer

_CONFLICTS = "tests/functions/test_conflicts.py"
_SIGNATURES = "tests/functions/test_webhook_signatures.py"
_PAYLOADS = "tests/functions/test_webhook_payloads.py"
_REFUSED = f"{_SIGNATURES}::test_what_stripe_did_not_just_sign_is_refused"
_MISMATCH = f"{_PAYLOADS}::test_an_event_of_another_version_or_mode_is_refused"
_TOLERANCE = "if abs(now - int(stamps[0])) > stripe.Webhook.DEFAULT_TOLERANCE:"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "signature",
        "only what Stripe signed is accepted",
        (layer("stripe/gateway", '    raise ValueError("no secret of ours signed this")\n', ""),),
        (f"{_REFUSED}[wrong secret]",),
    ),
    Guard(
        "signature-age",
        "an old signature is refused",
        (
            layer(
                "stripe/gateway",
                _TOLERANCE,
                "if int(stamps[0]) - now > stripe.Webhook.DEFAULT_TOLERANCE:",
            ),
        ),
        (f"{_REFUSED}[old]",),
    ),
    Guard(
        "signature-future",
        "and so is one from the future",
        (
            layer(
                "stripe/gateway",
                _TOLERANCE,
                "if now - int(stamps[0]) > stripe.Webhook.DEFAULT_TOLERANCE:",
            ),
        ),
        (f"{_REFUSED}[from the future]",),
    ),
    Guard(
        "event-version",
        "an event of another API version is refused",
        (layer("stripe/events", 'event["api_version"] != gateway.API_VERSION', "False"),),
        (f"{_MISMATCH}[top0]",),
    ),
    Guard(
        "event-mode",
        "an event of another mode is refused",
        (layer("stripe/events", 'event["livemode"] is not settings().livemode', "False"),),
        (f"{_MISMATCH}[top3]",),
    ),
    Guard(
        "lost-connection",
        "a call whose connection was lost is repeated",
        (layer("platform/database", "(lost and (trouble, where) not in repeated)", "False"),),
        ("tests/functions/test_outages.py::test_a_connection_that_was_cut_is_made_again",),
    ),
    Guard(
        "lost-race",
        "a call that lost to another transaction is repeated",
        (layer("platform/database", '_TRY_AGAIN = {"40001", "40P01"}', "_TRY_AGAIN = set[str]()"),),
        (f"{_CONFLICTS}::test_a_payment_that_meets_the_end_of_its_booking_is_taken_in_at_once",),
    ),
    Guard(
        "still-payable",
        "a session that Stripe did not close is still open, whatever it answered",
        (layer("stripe/gateway", '    if found == "open":\n        raise Unavailable()\n', ""),),
        (f"{_CONFLICTS}::test_a_session_that_stripe_does_not_close_keeps_its_time",),
    ),
    Guard(
        "closed-for-good",
        "a session that could not be closed is asked about: it may be paid",
        (
            layer(
                "stripe/gateway",
                "        session = retrieve_session(session_id)\n    if not readable(session):",
                '        return "expired", None\n    if not readable(session):',
            ),
        ),
        ("tests/journeys/test_leaving.py::test_leaving_after_paying_is_too_late",),
    ),
    Guard(
        "asked-when-unsure",
        "the confirmation page asks Stripe when no event has come",
        (
            layer(
                "payments/confirmations",
                'if found["ask"] is not None and _settled(found["ask"]):',
                "if False:",
            ),
        ),
        ("tests/journeys/test_paying.py::test_the_page_asks_stripe_before_the_webhook_comes",),
    ),
    Guard(
        "body-size",
        "a large body is refused unread",
        (layer("api/http", "MAX_BODY_BYTES = 64 * 1024", "MAX_BODY_BYTES = 2**40"),),
        ("tests/functions/test_bad_bodies.py::test_a_large_body_is_refused_unread",),
    ),
)
