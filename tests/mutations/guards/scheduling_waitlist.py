"""How much one may hold, and who is offered what is given back."""

from tests.mutations.guard import Edit, Guard, core, layer

_LIMITS = "tests/sql/test_limits_of_holders.py"
_WAITLIST = "tests/sql/test_waitlist.py"
_RACES = "tests/concurrency/test_waitlist.py"
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
        "a tag makes nobody another person",
        (
            core(
                "limit_customer",
                "where c.tenant_id = p_actor.tenant_id and c.mailbox = v_mailbox;",
                "where c.tenant_id = p_actor.tenant_id and c.id = p_customer_id;",
            ),
        ),
        (f"{_LIMITS}::test_a_server_is_limited_by_the_mailbox_it_vouches_for",),
    ),
    Guard(
        "paying-counts",
        "a hold that is being paid counts past its deadline",
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
        "only browsers are counted by their address",
        (core("authorize", "if v_actor.side = 'customer' then", "if true then"),),
        (f"{_LIMITS}::test_a_servers_address_is_not_limited",),
    ),
    Guard(
        "offer-with-release",
        "a freed time is offered in the transaction that frees it",
        (core("move", "perform core.offer_freed(v_booking);", "null;"),),
        (f"{_RACES}::test_a_stranger_does_not_jump_the_queue",),
    ),
    Guard(
        "offer-never-waits",
        "a release does not wait for whoever is at work on its day",
        (
            core("offer_time", "set lock_timeout = '10ms'\n", ""),
            core(
                "offer_time",
                "    if not core.try_lock_days(p_resource.id, v_range) then\n"
                "        return 0;\n    end if;\n",
                "    perform core.lock_days(p_resource.id, v_range);\n",
            ),
        ),
        (f"{_RACES}::test_a_release_never_waits_for_who_is_at_work_there",),
    ),
    Guard(
        "offer-line",
        "first come, first served",
        (core("offer_time", "order by w.created_at, w.id)", "order by w.created_at, w.id desc)"),),
        (f"{_WAITLIST}::test_who_waits_longest_gets_the_time_that_is_given_back",),
    ),
    Guard(
        "offer-stale-first",
        "stale holds are cleared away before a place is served",
        (
            core(
                "offer_time",
                "    perform core.expire_stale_holds(p_resource, v_range);\n",
                "",
            ),
        ),
        (f"{_WAITLIST}::test_stale_holds_on_several_units_are_offered_in_order",),
    ),
    Guard(
        "place-lapses",
        "a place tells when its offer has run out",
        (
            Edit(
                "sql/triggers/bookings_910_follow_waitlist.sql",
                "        and (new.status = 'scheduled'\n            or ",
                "        and (new.status = 'scheduled'\n            or false and ",
            ),
        ),
        (f"{_WAITLIST}::test_an_offer_that_runs_out_goes_to_the_next",),
    ),
    Guard(
        "place-secret",
        "a place opens with its own secret only",
        (
            core(
                "reach_waiting",
                "        or p_actor.scope is distinct from 'tenant'\n            and ",
                "        or false and ",
            ),
        ),
        (f"{_WAITLIST}::test_a_place_opens_to_its_own_secret_only",),
    ),
    Guard(
        "offer-untold",
        "nobody is told of an offer that is over",
        (
            core(
                "offer_json",
                "if v_booking.status <> 'held' or v_booking.hold_expires_at <= core.clock() then",
                "if false then",
            ),
        ),
        ("tests/functions/test_waitlist.py::test_an_offer_nobody_needs_to_hear_of_is_not_told",),
    ),
    Guard(
        "letter-escapes",
        "a name is text in a letter",
        (layer("letters", "html.escape(paragraph)", "paragraph"),),
        ("tests/functions/test_waitlist.py::test_a_name_is_text_in_a_letter",),
    ),
)
