"""How much each caller may take without paying, and what letters say."""

from tests.mutations.guard import Guard, api, core, layer

_HOLDERS = "tests/sql/test_limits_of_holders.py"
_CUSTOMERS = "tests/sql/test_limits_of_customers.py"
_DEFAULTS = "tests/sql/test_limits_by_default.py"
_TRIED = "tests/functions/test_limits.py"
_RACING = "tests/concurrency/test_limits_of_holders.py"
_PAYING = "tests/concurrency/test_limits_of_resources.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "periods-not-requests",
        "periods are counted, not requests",
        (
            core(
                "asked_periods",
                "pg_catalog.sum(coalesce((i.item #>> '{repeat,weeks}')::integer, 1))",
                "pg_catalog.count(*)",
            ),
        ),
        (f"{_HOLDERS}::test_periods_count_and_not_requests",),
    ),
    Guard(
        "address-limit",
        "an address may hold only a few periods",
        (core("limit_address", "p_periods, v_tenant.live_holds_per_address", "p_periods, null"),),
        (f"{_HOLDERS}::test_one_period_more_than_allowed_is_refused",),
    ),
    Guard(
        "day-share",
        "an address may hold only a few periods of one day",
        (core("limit_share", "else v_tenant.live_holds_per_day end", "else null end"),),
        (f"{_HOLDERS}::test_an_address_keeps_a_few_periods_of_one_day",),
    ),
    Guard(
        "resource-share",
        "an address may hold only a few periods of one resource",
        (
            core(
                "limit_share",
                "case when v_part.on_day is null then v_tenant.live_holds_per_resource",
                "case when v_part.on_day is null then null",
            ),
        ),
        (f"{_HOLDERS}::test_an_address_keeps_a_few_periods_of_one_resource",),
    ),
    Guard(
        "pool-share",
        "what a pool gives counts for the share of its resource",
        (core("hold_from_pools", "perform core.limit_share(p_actor, v_requested);", "null;"),),
        (f"{_HOLDERS}::test_a_wish_of_pools_is_counted_too",),
    ),
    Guard(
        "hourly-pace",
        "releasing makes no room within the hour",
        (core("limit_address", "p_periods, v_tenant.holds_per_hour", "p_periods, null"),),
        (f"{_HOLDERS}::test_periods_of_an_hour_are_counted_whatever_became_of_them",),
    ),
    Guard(
        "growing-pause",
        "a pause grows with the holds that ended unpaid",
        (core("limit_address", "if v_lapsed > v_tenant.free_lapses then", "if false then"),),
        (f"{_HOLDERS}::test_a_pause_grows_with_what_ended_unpaid",),
    ),
    Guard(
        "stranger-charged",
        "what a browser holds counts for no mailbox",
        (core("limit_customer", "and b.vouched and b.hold", "and b.hold"),),
        (f"{_HOLDERS}::test_a_stranger_cannot_use_up_a_limit",),
    ),
    Guard(
        "stranger-counted",
        "what a browser holds unpaid counts for no customer of a resource",
        (
            core(
                "proved_bookings",
                "and (b.vouched or b.status in ('scheduled', 'active'))",
                "and true",
            ),
        ),
        (f"{_HOLDERS}::test_a_stranger_cannot_use_up_a_limit",),
    ),
    Guard(
        "stranger-waits",
        "what a browser waits for counts for no mailbox",
        (core("limit_customer", "and w.vouched and w.state", "and w.state"),),
        (f"{_HOLDERS}::test_a_stranger_cannot_use_up_a_limit",),
    ),
    Guard(
        "customer-oracle",
        "a browser learns nothing of a mailbox's bookings",
        (core("counted_customer", "(p_actor).side = 'server' and not", "not"),),
        (f"{_TRIED}::test_no_status_tells_of_an_address",),
    ),
    Guard(
        "customer-limit-when-paid",
        "a browser's booking is checked when it is paid",
        (core("exceeds_customer_limit", "if p_booking.vouched then", "if true then"),),
        (f"{_CUSTOMERS}::test_of_two_holds_that_are_both_paid_one_goes_back",),
    ),
    Guard(
        "customer-limit-when-late",
        "a late payment is checked as well",
        (
            core(
                "settle_paid",
                "        if p_limited and core.exceeds_customer_limit(v_booking) then",
                "if false then",
            ),
        ),
        (f"{_CUSTOMERS}::test_a_late_payment_is_judged_too",),
    ),
    Guard(
        "payments-of-a-mailbox",
        "payments of one mailbox are checked one after the other",
        (core("settle", "perform core.lock_customer(v_booking);", "null;"),),
        (f"{_PAYING}::test_of_two_payments_at_once_one_goes_back",),
    ),
    Guard(
        "override-is-a-servers",
        "a browser overrides nothing",
        (
            core(
                "require_override",
                "and p_actor.side is distinct from 'server' then",
                "and false then",
            ),
        ),
        (f"{_HOLDERS}::test_a_browser_overrides_nothing",),
    ),
    Guard(
        "place-ends",
        "a browser's waitlist entry ends after some days",
        (api("offer_waiting", "v_entry.ends_at) <= v_now", "null) <= v_now"),),
        (f"{_HOLDERS}::test_a_browsers_place_ends_after_some_days",),
    ),
    Guard(
        "ended-place",
        "an entry that is over gets no offer",
        (core("make_offer", " or v_entry.ends_at <= core.clock() then", " then"),),
        (f"{_HOLDERS}::test_a_place_that_is_over_is_offered_nothing",),
    ),
    Guard(
        "two-offers",
        "an address has two offers at a time",
        (core("may_be_offered", "if v_allowed is null then", "if true then"),),
        (f"{_HOLDERS}::test_an_address_has_two_offers_at_a_time",),
    ),
    Guard(
        "twice-in-line",
        "a customer with two entries gets one offer at a time",
        (core("may_be_offered", "        return false;", "        return true;"),),
        (f"{_HOLDERS}::test_a_second_entry_gets_no_second_offer",),
    ),
    Guard(
        "few-letters",
        "a mailbox gets a few letters a day",
        (core("lease_letter", "v_now) < 1", "v_now) < -1000"),),
        (f"{_TRIED}::test_a_mailbox_gets_a_few_letters_a_day",),
    ),
    Guard(
        "letters-one-by-one",
        "two sweeps count a mailbox's letters one after the other",
        (
            api(
                "claim_effects",
                "and not core.try_letters(v_effect.tenant_id, v_effect.booking_id)",
                "and false",
            ),
        ),
        (f"{_RACING}::test_two_sweeps_send_no_more_letters_than_one",),
    ),
    Guard(
        "strangers-words",
        "text typed by a stranger is not sent to a mailbox",
        (
            core(
                "offer_json",
                "case when v_entry.vouched then v_entry.customer_name",
                "case when true then v_entry.customer_name",
            ),
        ),
        (f"{_TRIED}::test_no_strangers_word_reaches_an_unproved_mailbox",),
    ),
    Guard(
        "name-is-a-name",
        "text that can be more than a name is left out of a letter",
        (layer("outbox/email_templates", "or _NO_NAME.search(words)", ""),),
        ("tests/unit/holdfast/test_letters.py::test_what_can_be_more_than_a_name_is_left_out",),
    ),
    Guard(
        "own-page",
        "a secret is never sent under another tenant's key",
        (
            layer(
                "outbox/email_templates",
                "([settings().page_publishable_key] if own is None else [])\n"
                "    return (page, keys) if all(_opens(key, told) for key in keys) else None\n",
                "([settings().page_publishable_key] if own is None else [])\n"
                "    return (page, keys)\n",
            ),
        ),
        (f"{_TRIED}::test_a_tenant_without_a_page_sends_no_link",),
    ),
    Guard(
        "page-of-a-live-key",
        "a page whose key was revoked is not linked",
        (
            layer(
                "outbox/email_templates",
                "if all(_opens(key, told) for key in keys) else None",
                "if own or all(_opens(key, told) for key in keys) else None",
            ),
        ),
        (f"{_TRIED}::test_a_page_whose_key_was_revoked_is_not_linked",),
    ),
    Guard(
        "subscriber-network",
        "an IPv6 network of 56 bits is one address",
        (
            layer(
                "access/booking_secrets", "_IPV6_SUBSCRIBER_BITS = 56", "_IPV6_SUBSCRIBER_BITS = 64"
            ),
        ),
        (f"{_TRIED}::test_a_network_is_one_address",),
    ),
    Guard(
        "ipv4-in-ipv6",
        "an IPv4 address is one address however it is written",
        (layer("access/booking_secrets", "    if within:\n", "    if False:\n"),),
        (f"{_TRIED}::test_a_network_is_one_address",),
    ),
    Guard(
        "page-key-is-own",
        "a tenant's page has no other tenant's key",
        (
            core(
                "administer_tenant",
                "if p_tenant ->> 'page_key_hash' is not null and not exists (",
                "if false and not exists (",
            ),
        ),
        ("tests/functions/test_tenants.py::test_a_page_has_a_key_of_its_own_tenant",),
    ),
    Guard(
        "row-of-the-policy",
        "each row of the policy holds at its default",
        (core("limit_waitlist_entries", "1, v_tenant.places_per_hour, v_now", "1, null, v_now"),),
        (f"{_DEFAULTS}::test_a_row_of_the_policy",),
    ),
)
