"""What is deleted, what never is, and what an erased customer leaves behind."""

from tests.mutations.guard import Edit, Guard, api, core, layer

_SWEEP = "tests/sql/test_retention.py"
_PEOPLE = "tests/sql/test_customers.py"
_RACES = "tests/concurrency/test_retention.py"
_REFERENCES = "tests/sql/test_references.py"
_SECRETS = "tests/functions/test_secret_keys.py"
_AGAINST = f"{_SWEEP}::test_whatever_speaks_against_it_keeps_a_booking"
_IN_THE_WAY = f"{_PEOPLE}::test_what_is_in_the_way_is_named_and_nothing_changes"
_FRONT_DOOR = "sql/migrations/0007_front_door.sql"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "deletion-of-paid",
        "the deletion does not even try a booking that has a payment",
        (
            core(
                "must_keep",
                "            select from core.payments as p\n"
                "            where p.tenant_id = p_tenant.id and p.booking_id = p_booking_id)",
                "            select from core.payments as p where false)",
            ),
        ),
        (f"{_AGAINST}[_payment]",),
    ),
    Guard(
        "deletion-of-found",
        "a booking with a finding of the comparison stays",
        (core("must_keep", "f.booking_id = p_booking_id", "false"),),
        (f"{_AGAINST}[_finding]",),
    ),
    Guard(
        "deletion-of-pending",
        "so does one with something pending",
        (core("must_keep", "(e.kind = 'refund_payment' or e.state = 'pending')", "false"),),
        (f"{_AGAINST}[_pending]",),
    ),
    Guard(
        "deletion-of-changing",
        "a booking that is on its way to another time stays",
        (core("must_keep", "and c.state = 'pending')", "and false)"),),
        (f"{_AGAINST}[_change]",),
    ),
    Guard(
        "deletion-of-moved",
        "the moves of a booking that was never paid go with it",
        (
            core(
                "delete_booking",
                "delete from core.reschedules as r where r.tenant_id = p_tenant.id"
                " and r.booking_id = v_id;",
                "",
            ),
        ),
        (f"{_SWEEP}::test_a_hold_that_was_moved_goes_as_well",),
    ),
    Guard(
        "deletion-of-payable",
        "a checkout whose end Stripe has not reported keeps its booking",
        (core("must_keep", "and c.state not in ('expired', 'failed')", "and false"),),
        (f"{_SWEEP}::test_a_checkout_that_may_still_be_paid_keeps_its_booking",),
    ),
    Guard(
        "events-kept",
        "an event stays for thirty-five days, and so does the booking it is about",
        (
            core(
                "must_keep",
                "and s.received_at >= p_at - p_tenant.keep_events_days * interval '24 hours')",
                "and false)",
            ),
        ),
        (f"{_SWEEP}::test_an_event_of_stripes_stays_for_thirty_five_days",),
    ),
    Guard(
        "events-least",
        "no tenant may keep events for less",
        (Edit(_FRONT_DOOR, "keep_events_days between 35 and", "keep_events_days between 1 and"),),
        (f"{_SWEEP}::test_no_tenant_keeps_less_than_the_least",),
    ),
    Guard(
        "effects-of-money",
        "the key of an effect of money is kept for ever",
        (
            core(
                "delete_effects",
                "r.kind in ('expire_session', 'notify_offer')",
                "r.kind is not null",
            ),
        ),
        (f"{_SWEEP}::test_what_was_paid_stays_for_ever",),
    ),
    Guard(
        "history-of-the-rest",
        "history is deleted by one function alone",
        (
            Edit(
                "sql/triggers/booking_events_append_only.sql",
                r"and v_stack ~ '(?n)^PL/pgSQL function core\.delete_booking\('",
                "",
            ),
        ),
        (f"{_SWEEP}::test_history_is_deleted_by_no_other_function",),
    ),
    Guard(
        "repeat-of-deleted",
        "a repeat that finds its key but no booking is repeated",
        (core("held_before", "if not found then", "if false then"),),
        (f"{_SWEEP}::test_a_repeat_that_finds_the_key_but_not_its_booking_asks_again",),
    ),
    Guard(
        "customer-lock",
        "a customer is neither deleted nor erased while a booking is made for them",
        (core("require_customer", "\n        for key share;", ";"),),
        (
            f"{_RACES}::test_a_hold_of_a_customer_who_is_being_deleted_makes_a_new_one",
            f"{_RACES}::test_a_hold_waits_for_erasing_and_is_of_a_new_customer",
        ),
    ),
    Guard(
        "idle-customer-lock",
        "of two sweeps the last one deletes the customer",
        (core("lock_idle_customers", "\n        for update skip locked;", ";"),),
        (f"{_RACES}::test_the_last_of_two_sweeps_deletes_the_customer",),
    ),
    Guard(
        "erasure-of-live",
        "a customer with a booking ahead is not erased",
        (core("erasure_obstacles", "return next 'live_booking';", "null;"),),
        (f"{_IN_THE_WAY}[_live-reasons0]",),
    ),
    Guard(
        "erasure-of-refunded",
        "nor one whose refund is under way",
        (core("erasure_obstacles", "return next 'refund_under_way';", "null;"),),
        (f"{_IN_THE_WAY}[_queued-reasons5]",),
    ),
    Guard(
        "erasure-of-hashes",
        "the hash of a request reveals nothing of an erased customer",
        (
            api(
                "erase_customer",
                "foreach v_id in array v_results || v_places loop",
                "foreach v_id in array v_places loop",
            ),
        ),
        (f"{_PEOPLE}::test_a_repeat_finds_no_trace_of_the_request",),
    ),
    Guard(
        "erasure-of-checkouts",
        "nor does what was sent to Stripe",
        (api("erase_customer", "c.parameters - 'customer_email'", "c.parameters"),),
        (f"{_PEOPLE}::test_nothing_of_a_person_is_left",),
    ),
    Guard(
        "secret-ends",
        "a booking's secret is refused long after its end",
        (
            core(
                "require_booking_access",
                "or p_booking.ends_at\n                    < core.clock() - "
                "(p_actor.tenant).secret_days * interval '24 hours'",
                "or false",
            ),
        ),
        (f"{_PEOPLE}::test_a_secret_ends_with_its_booking",),
    ),
    Guard(
        "reference-drawn-again",
        "a reference that is taken is drawn again",
        (
            Edit(
                "sql/triggers/bookings_050_reference.sql",
                "where b.tenant_id = new.tenant_id and b.reference = new.reference",
                "where false",
            ),
        ),
        (f"{_REFERENCES}::test_a_reference_that_is_taken_is_drawn_again",),
    ),
    Guard(
        "letters-key",
        "a letter's secret is derived with its entry's key",
        (
            layer(
                "outbox/email_templates",
                'waitlist_secret(told["place_id"], told["secret_key_id"])',
                'waitlist_secret(told["place_id"])',
            ),
        ),
        (f"{_SECRETS}::test_a_letter_is_derived_with_its_places_key",),
    ),
    Guard(
        "repeats-key",
        "a repeat gets the secret that opens what the first call made",
        (
            layer(
                "bookings/holds",
                'client_secret(held["id"], key_id)',
                'client_secret(held["id"])',
            ),
        ),
        (f"{_SECRETS}::test_old_secrets_open_their_bookings_after_a_new_key",),
    ),
)
