"""How much one customer may hold, and who is offered a released time."""

from tests.mutations.guard import Edit, Guard, core, layer

_LIMITS = "tests/sql/test_limits_of_holders.py"
_WAITLIST = "tests/sql/test_waitlist.py"
_RACES = "tests/concurrency/test_waitlist.py"
_AT_COMMIT = "tests/concurrency/test_waitlist_at_commit.py"
_SERVING = "tests/sql/test_waitlist_at_commit.py"
_SERVE = "sql/triggers/occupancies_900_serve_waitlist.sql"
_RACING = "tests/concurrency/test_limits_of_holders.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "identity-lock",
        "holds of one customer are counted one after the other",
        (core("lock_identity", "perform pg_catalog.pg_advisory_xact_lock(", "perform ("),),
        (
            "tests/concurrency/test_limits_of_holders.py::test_fifty_at_once_end_at_the_limit",
            f"{_RACING}::test_an_address_is_not_offered_one_more_from_two_sides",
        ),
    ),
    Guard(
        "holds-of-a-mailbox",
        "an address with a tag is the same mailbox",
        (
            core(
                "limit_customer",
                "where c.tenant_id = p_actor.tenant_id and c.mailbox = v_mailbox;",
                "where c.tenant_id = p_actor.tenant_id"
                " and c.email = lower(p_request #>> '{customer,email}');",
            ),
        ),
        (f"{_LIMITS}::test_a_server_is_limited_by_the_mailbox_it_vouches_for",),
    ),
    Guard(
        "paying-counts",
        "a hold that is pending payment counts past its deadline",
        (
            core(
                "live_periods",
                "and (b.status = 'paying' or b.hold_expires_at > p_at)",
                "and b.hold_expires_at > p_at",
            ),
        ),
        (f"{_LIMITS}::test_a_hold_that_is_being_paid_is_counted",),
    ),
    Guard(
        "servers-address",
        "only browsers are counted by their network address",
        (core("authorize", "when k.kind <> 'secret' then decode(", "when true then decode("),),
        (f"{_LIMITS}::test_a_servers_address_is_not_limited",),
    ),
    Guard(
        "offer-with-release",
        "a freed time is offered in the transaction that frees it",
        (
            Edit(
                _SERVE,
                "and core.has_waitlist(old.tenant_id, old.resource_id)",
                "and false",
            ),
        ),
        (f"{_RACES}::test_a_stranger_does_not_jump_the_queue",),
    ),
    Guard(
        "freed-days-are-kept",
        "no other hold comes between the freeing of a time and the end of its transaction",
        (
            Edit(
                "sql/triggers/occupancies_100_lock_freed.sql",
                "and core.has_waitlist(old.tenant_id, old.resource_id)",
                "and false",
            ),
        ),
        (f"{_AT_COMMIT}::test_a_stranger_does_not_come_between_freeing_and_serving",),
    ),
    Guard(
        "serving-enters-the-tenant",
        "at commit the settings are those of the last tenant; each line is served as its own",
        (Edit(_SERVE, "old.tenant_id, 'sweep'", "v_tenant::uuid, 'sweep'"),),
        (f"{_SERVING}::test_each_tenants_line_is_served",),
    ),
    Guard(
        "serving-has-an-actor",
        "the actor of an offer is not the caller who released the time",
        (Edit(_SERVE, "'sweep', null, v_request", "v_role, v_key::uuid, v_request"),),
        (f"{_SERVING}::test_freeing_a_time_is_not_making_the_offer",),
    ),
    Guard(
        "serving-restores-the-settings",
        "later triggers at commit find the call's own tenant and actor",
        (Edit(_SERVE, "'holdfast.tenant_id', coalesce(v_tenant, '')", "'holdfast.tenant_id', ''"),),
        (f"{_SERVING}::test_the_settings_are_as_they_were",),
    ),
    Guard(
        "serving-never-fails",
        "an offer never rolls back a payment",
        (
            Edit(
                _SERVE,
                "when others or query_canceled or assert_failure then",
                "when no_data_found then",
            ),
        ),
        (f"{_AT_COMMIT}::test_no_error_undoes_a_payment",),
    ),
    Guard(
        "serving-survives-a-cancel",
        "nor does a cancelled request, which `others` does not catch",
        (Edit(_SERVE, "when others or query_canceled or", "when others or"),),
        (f"{_AT_COMMIT}::test_a_cancelled_request_is_released",),
    ),
    Guard(
        "serving-waits-10-ms",
        "a commit waits for no lock",
        (core("make_offers", "set lock_timeout = '10ms'\n", "set lock_timeout = 0\n"),),
        (f"{_AT_COMMIT}::test_a_release_waits_for_no_lock_at_commit[a table that it reads]",),
    ),
    Guard(
        "serving-leaves-the-past",
        "past times are freed without a look at the waitlist",
        (
            Edit(_SERVE, "pg_catalog.upper(old.during) > core.clock()", "true"),
            Edit(
                "sql/triggers/occupancies_100_lock_freed.sql",
                "pg_catalog.upper(old.during) > core.clock()",
                "true",
            ),
        ),
        (f"{_SERVING}::test_a_time_that_has_passed_is_not_served",),
    ),
    Guard(
        "stale-hold-is-the-lines",
        "a hold that expires another does not get a time that a customer waits for",
        (core("occupy", "if core.awaited(v_resource, v_during) then", "if false then"),),
        (f"{_WAITLIST}::test_a_hold_of_an_expired_holds_time_stands_in_line",),
    ),
    Guard(
        "awaited-can-have-it",
        "and is not refused for entries that could not have it",
        (
            core(
                "awaited",
                "core.widened(p_resource, v_offering, s.starts_at, s.ends_at) && p_during)",
                "true) or true",
            ),
        ),
        (f"{_SERVING}::test_what_does_not_fit_is_not_kept_for_a_longer_wish",),
    ),
    Guard(
        "offer-never-waits",
        "a release does not wait for a lock on its day",
        (
            core("make_offers", "set lock_timeout = '10ms'\n", ""),
            core(
                "make_offers",
                "    if not core.try_lock_days(p_resource.id, v_range) then\n"
                "        return 0;\n    end if;\n",
                "    perform core.lock_days(p_resource.id, v_range);\n",
            ),
        ),
        (f"{_RACES}::test_a_release_never_waits_for_a_busy_day",),
    ),
    Guard(
        "offer-line",
        "first come, first served",
        (core("make_offers", "order by w.created_at, w.id)", "order by w.created_at, w.id desc)"),),
        (f"{_WAITLIST}::test_the_longest_waiting_gets_the_released_time",),
    ),
    Guard(
        "offer-stale-first",
        "expired holds are cleared away before an entry is served",
        (
            core(
                "make_offers",
                "    perform core.expire_stale_holds(p_resource, v_range);\n",
                "",
            ),
        ),
        (f"{_WAITLIST}::test_stale_holds_on_several_units_are_offered_in_order",),
    ),
    Guard(
        "place-lapses",
        "an entry shows when its offer has expired",
        (
            Edit(
                "sql/triggers/bookings_910_follow_waitlist.sql",
                "        when old.payment_status = 'unpaid'",
                "        when false and old.payment_status = 'unpaid'",
            ),
        ),
        (f"{_WAITLIST}::test_an_offer_that_runs_out_goes_to_the_next",),
    ),
    Guard(
        "place-secret",
        "an entry opens with its own secret only",
        (
            core(
                "require_waitlist_entry",
                "        or p_actor.scope is distinct from 'tenant'\n            and ",
                "        or false and ",
            ),
        ),
        (f"{_WAITLIST}::test_a_place_opens_to_its_own_secret_only",),
    ),
    Guard(
        "offer-untold",
        "no letter is sent about an offer that is over",
        (
            core(
                "offer_json",
                "if v_booking.status <> 'held' or v_booking.hold_expires_at <= core.clock() then",
                "if false then",
            ),
        ),
        ("tests/functions/test_waitlist.py::test_no_letter_is_sent_for_an_offer_turned_down",),
    ),
    Guard(
        "letter-escapes",
        "a name is text in a letter",
        (layer("outbox/email_templates", "html.escape(paragraph)", "paragraph"),),
        ("tests/functions/test_waitlist.py::test_a_name_is_text_in_a_letter",),
    ),
)
