"""Payments come in time or are refunded; amounts can be charged; pages are few, and lead home."""

from tests.mutations.guard import Edit, Guard, api, core, layer

_BEGUN = "tests/sql/test_begun_times.py"
_AT_ONCE = f"{_BEGUN}::test_money_for_a_time_that_has_begun_goes_back[at-card-event]"
_PAGES = "tests/functions/test_payment_pages.py"
_OFFERED = f"{_PAGES}::test_delayed_methods_are_offered_where_their_result_comes_in_time"
_ADDRESSES = "tests/functions/test_return_addresses.py"
_LED = f"{_ADDRESSES}::test_a_browser_is_led_nowhere_else"
_CURRENCIES = "tests/sql/test_currencies.py"
_CHARGED = "tests/functions/test_currencies.py"
_OBJECTS = "tests/functions/test_webhook_objects.py"

_TIMES: tuple[Guard, ...] = (
    Guard(
        "begun-is-not-confirmed",
        "money for a time that has begun does not confirm",
        (
            core(
                "settle_paid",
                "core.first_start(v_booking) <= core.clock() then",
                "false then",
            ),
        ),
        (_AT_ONCE,),
    ),
    Guard(
        "begun-at-the-second",
        "nor in the very instant in which it begins",
        (
            core(
                "settle_paid",
                "core.first_start(v_booking) <= core.",
                "core.first_start(v_booking) < core.",
            ),
        ),
        (_AT_ONCE,),
    ),
    Guard(
        "begun-with-others",
        "nor when another period of its cart has begun",
        (core("first_start", "pg_catalog.min(b.starts_at)", "pg_catalog.max(b.starts_at)"),),
        (f"{_BEGUN}::test_of_a_cart_all_goes_back_once_any_period_has_begun",),
    ),
    Guard(
        "page-ends-before-the-start",
        "a payment page is closed before the time begins",
        (
            core(
                "new_checkout",
                "least(v_expires_at + interval '5 minutes', v_closed_at);",
                "v_expires_at + interval '5 minutes';",
            ),
        ),
        (f"{_BEGUN}::test_the_page_of_a_near_start_is_closed_before_it",),
    ),
    Guard(
        "page-says-until-when",
        "and its answer says until when it can be paid",
        (core("new_checkout", "least(v_expires_at, v_closed_at), v_now", "v_expires_at, v_now"),),
        (f"{_BEGUN}::test_the_page_of_a_near_start_is_closed_before_it",),
    ),
    Guard(
        "no-page-at-the-last-minute",
        "none is made for a time that begins within five minutes",
        (core("require_renewal", "if core.last_page(v_start) < p_at then", "if false then"),),
        (f"{_BEGUN}::test_no_page_is_made_for_what_begins_at_once",),
    ),
    Guard(
        "no-move-at-the-last-minute",
        "nor is a time kept for a difference that could no longer be paid",
        (
            core(
                "begin_reschedule_checkout",
                "    if p_reschedule.difference > 0\n        and",
                "    if false\n        and",
            ),
        ),
        (f"{_BEGUN}::test_no_reschedule_waits_for_a_difference_that_cannot_be_paid",),
    ),
    Guard(
        "no-page-once-begun",
        "nor is an open one returned once the time has begun",
        (
            core(
                "require_payable",
                "p_booking.status in ('held', 'paying') and core.first_start(p_booking) <= p_at",
                "false",
            ),
        ),
        (f"{_BEGUN}::test_the_old_page_stays_when_no_new_one_can_be_made",),
    ),
    Guard(
        "sweep-comes-back-at-the-start",
        "a page that could not be closed is tried again when the time begins",
        (core("look_again", ", case when p_starts_at > p_at then p_starts_at end", ""),),
        (f"{_BEGUN}::test_a_page_that_cannot_be_closed_is_tried_again_at_the_start",),
    ),
    Guard(
        "delayed-until-the-start",
        "a delayed payment keeps its time until it begins, and not beyond",
        (
            core(
                "extend_for_pending_payment",
                "least(v_now + interval '24 hours', core.first_start(p_booking))",
                "v_now + interval '24 hours'",
            ),
        ),
        (f"{_BEGUN}::test_what_waits_for_a_delayed_payment_is_given_up_at_the_start",),
    ),
    Guard(
        "delayed-is-given-up",
        "then the booking expires",
        (
            api(
                "expire_holds",
                "elsif v_checkout.state = 'pending' and v_start <= v_now then",
                "elsif false then",
            ),
        ),
        (f"{_BEGUN}::test_what_waits_for_a_delayed_payment_is_given_up_at_the_start",),
    ),
    Guard(
        "delayed-change-until-the-start",
        "so does a reschedule, when the first of its two times begins",
        (
            core(
                "settle_reschedule",
                "core.clock() + interval '24 hours', v_booking.starts_at, v_reschedule.starts_at);",
                "core.clock() + interval '24 hours');",
            ),
        ),
        (f"{_BEGUN}::test_a_reschedule_with_a_delayed_payment_expires_at_the_first_start",),
    ),
    Guard(
        "delayed-change-is-given-up",
        "and its new time is free",
        (
            core(
                "expire_reschedules",
                "elsif v_checkout.state = 'pending' and v_start <= v_now then",
                "elsif false then",
            ),
        ),
        (f"{_BEGUN}::test_a_reschedule_with_a_delayed_payment_expires_at_the_first_start",),
    ),
    Guard(
        "delayed-for-servers",
        "a publishable key gets no page with delayed methods unless the tenant wants it",
        (
            core(
                "may_delay",
                "v_tenant.delayed_methods = 'servers' and p_actor.side = 'server'",
                "true",
            ),
        ),
        (f"{_PAGES}::test_by_default_a_browser_gets_no_delayed_methods",),
    ),
    Guard(
        "delayed-in-time",
        "nor does a booking whose time begins before their result",
        (
            core(
                "may_delay",
                "+ v_tenant.delayed_method_days * interval '1 day' <= p_starts_at",
                "<= 'infinity'",
            ),
        ),
        (f"{_OFFERED}[all-publishable-2030-01-20T10:00:00Z-False]",),
    ),
    Guard(
        "delayed-left-out",
        "methods that may not be offered are left out of what Stripe is sent",
        (
            core(
                "stripe_session_parameters",
                "case when p_delayed then '{}'",
                "case when true then '{}'",
            ),
        ),
        (f"{_PAGES}::test_by_default_a_browser_gets_no_delayed_methods",),
    ),
)

_CHARGES: tuple[Guard, ...] = (
    Guard(
        "least-charge",
        "less than the least charge of its currency is no price",
        (core("require_chargeable", "p_amount < v_currency.least_charge or ", ""),),
        (f"{_CURRENCIES}::test_a_price_is_judged_when_it_is_set[299-SEK-False]",),
    ),
    Guard(
        "step",
        "nor is an amount between two of its steps",
        (core("require_chargeable", " or p_amount % v_currency.step <> 0", ""),),
        (f"{_CHARGED}::test_amounts_are_multiples_of_their_currencys_step",),
    ),
    Guard(
        "price-is-judged",
        "a price is checked wherever it is set",
        (
            Edit(
                "sql/triggers/prices_100_check_amount.sql",
                "        perform core.require_chargeable(new.amount, new.currency);\n",
                "        null;\n",
            ),
        ),
        (f"{_CURRENCIES}::test_a_price_is_judged_when_it_is_set[299-SEK-False]",),
    ),
    Guard(
        "old-price-stays",
        "one from before its currency had a least charge is not checked until it changes",
        (
            Edit(
                "sql/triggers/prices_100_check_amount.sql",
                "or (new.amount, new.currency) <> (old.amount, old.currency) then",
                "or true then",
            ),
        ),
        (f"{_CURRENCIES}::test_changes_alone_are_judged",),
    ),
    Guard(
        "old-price-is-not-held",
        "but it cannot be held",
        (
            core(
                "require_price",
                "    perform core.require_chargeable(v_price.amount, v_price.currency);\n",
                "",
            ),
            core(
                "resolve_periods", "elsif not (v_one.bookable).chargeable then", "elsif false then"
            ),
        ),
        (f"{_CHARGED}::test_a_price_from_before_stays_is_flagged_and_cannot_be_held",),
    ),
    Guard(
        "old-price-stops-no-sweep",
        "nor is it offered, and the waitlist continues",
        (core("make_offer", " or sqlstate 'KHAMT'", ""),),
        (f"{_CURRENCIES}::test_an_entry_is_skipped_while_its_price_cannot_be_charged",),
    ),
    Guard(
        "old-hold-is-not-sent",
        "a hold at such a price is not sent to Stripe",
        (
            core(
                "new_checkout",
                "    perform core.require_chargeable(core.cart_total(v_sold), v_sold.currency);\n",
                "",
            ),
            layer("payments/checkouts", '{"amount_too_small", "amount_too_large"}', "set()"),
        ),
        (f"{_CHARGED}::test_a_hold_from_before_is_refused_at_the_checkout",),
    ),
    Guard(
        "difference-is-waived",
        "a difference that cannot be charged is waived",
        (core("start_reschedule", "v_more < v_currency.least_charge", "false"),),
        (f"{_CHARGED}::test_a_difference_that_cannot_be_charged_is_waived[SEK]",),
    ),
    Guard(
        "too-little-for-stripe",
        "an amount too small for Stripe is reported as such",
        (layer("payments/checkouts", '{"amount_too_small", "amount_too_large"}', "set()"),),
        (f"{_CHARGED}::test_what_stripe_finds_too_little_is_reported_as_such",),
    ),
)

_PAYMENT_PAGES: tuple[Guard, ...] = (
    Guard(
        "few-pages",
        "one hold has a few payment pages at most",
        (
            core(
                "require_renewal",
                "elsif coalesce(p_reschedule.payment_pages, p_booking.payment_pages)",
                "elsif -1",
            ),
        ),
        (f"{_PAGES}::test_a_hold_has_few_payment_pages",),
    ),
    Guard(
        "pages-of-changes",
        "those of a reschedule are counted as well",
        (core("new_checkout", "set payment_pages = c.payment_pages + 1", "set payment_pages = 0"),),
        (f"{_PAGES}::test_pages_of_a_reschedule_are_counted_separately",),
    ),
    Guard(
        "one-question",
        "however many poll, Stripe is asked only once in some seconds",
        (
            core(
                "stripe_session_to_ask",
                "\n        or v_checkout.asked_at > v_now - interval '5 seconds'",
                "",
            ),
        ),
        (f"{_PAGES}::test_polls_ask_stripe_once_in_some_seconds",),
    ),
    Guard(
        "one-question-at-once",
        "also if they poll at once",
        (core("stripe_session_to_ask", "    for no key update skip locked;", "    ;"),),
        ("tests/concurrency/test_begun_times.py::test_of_many_who_poll_at_once_one_asks",),
    ),
    Guard(
        "asking-is-no-change",
        "asking about a checkout does not change its age",
        (
            Edit(
                "sql/triggers/checkouts_200_bump_version.sql",
                "if old.asked_at is not distinct from new.asked_at then",
                "if true then",
            ),
        ),
        (f"{_PAGES}::test_that_it_was_asked_changes_nothing_else",),
    ),
    Guard(
        "return-origins",
        "a browser's payment page leads only to what the tenant has listed",
        (
            core(
                "require_return_addresses",
                "elsif p_actor.side is distinct from 'server'",
                "elsif false",
            ),
        ),
        (f"{_LED}[https://evil.example/phish-success_url]",),
    ),
    Guard(
        "return-origin-whole",
        "an origin is its whole host and its port",
        (core("origin_of", "(?:[/?#]|$)", ""),),
        (f"{_LED}[https://studio.example%2eevil.example/-success_url]",),
    ),
    Guard(
        "return-https",
        "no page leads over http, except to a developer's machine",
        (
            core(
                "require_return_addresses",
                "if v_origin is null or v_origin !~ ",
                "if v_origin is null or false and v_origin !~ ",
            ),
        ),
        (f"{_ADDRESSES}::test_a_server_is_held_to_https_as_well",),
    ),
)

_EVENTS: tuple[Guard, ...] = (
    Guard(
        "event-is-readable",
        "an event that lacks what is read of it is refused, and nothing is guessed",
        (layer("stripe/events", "    if not readable:\n", "    if False:\n"),),
        (f"{_OBJECTS}::test_money_without_its_sum_or_payment_is_not_guessed",),
    ),
    Guard(
        "nothing-paid-confirms-nothing",
        "a session that required no payment confirms nothing",
        (
            layer(
                "stripe/gateway",
                'if session["payment_status"] == "no_payment_required" and intent is None:',
                "if False:",
            ),
        ),
        (f"{_OBJECTS}::test_a_session_that_asked_for_nothing_confirms_nothing",),
    ),
    Guard(
        "metadata-of-others",
        "of a session's metadata only what we wrote is used, if it is text",
        (
            layer(
                "stripe/gateway",
                "return {name: found[name] for name in names if _is_plain(found.get(name))}",
                "return dict(found)",
            ),
        ),
        (f"{_OBJECTS}::test_what_others_wrote_beside_it_does_not_matter",),
    ),
    Guard(
        "answers-are-readable",
        "a session that Stripe returns is checked like those of events",
        (layer("payments/confirmations", "if not gateway.readable(session):", "if False:"),),
        (f"{_OBJECTS}::test_the_page_survives_what_stripe_answers",),
    ),
)

GUARDS: tuple[Guard, ...] = (*_TIMES, *_CHARGES, *_PAYMENT_PAGES, *_EVENTS)
