"""Who may do it, in which state they have seen it, and how often."""

from tests.mutations.guard import Edit, Guard, core, layer

_HOLD = "tests/sql/test_create_hold.py"
_TENANTS = "tests/sql/test_tenants.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "key-fence",
        "a key that another call has used meanwhile is noticed under the lock",
        (
            core(
                "claim_key",
                "    return core.replayed(p_actor, p_operation, p_key, p_fingerprint);",
                "    return null;",
            ),
        ),
        (
            "tests/concurrency/test_idempotency.py"
            "::test_a_repeat_waits_for_the_first_and_gets_its_answer",
        ),
    ),
    Guard(
        "fingerprint",
        "a key stands for one request, and is refused for another",
        (core("replayed", "if found and v_earlier.fingerprint <> p_fingerprint", "if false"),),
        (f"{_HOLD}::test_a_key_stands_for_the_whole_request",),
    ),
    Guard(
        "front-door-body",
        "and is so at the front door too",
        (layer("idempotency", '        payload_validation_jmespath="body",\n', ""),),
        ("tests/functions/test_idempotency.py::test_the_same_key_for_another_request_is_refused",),
    ),
    Guard(
        "front-door-scope",
        "keys of different callers never meet",
        (layer("holds", 'f"{actor.key_hash}#create_hold"', '"create_hold"'),),
        ("tests/functions/test_idempotency.py::test_tenants_do_not_share_keys",),
    ),
    Guard(
        "booking-secret",
        "a booking opens only with its own secret",
        (
            core(
                "require_reach",
                "if p_booking.id is null\n        or (",
                "if p_booking.id is null or false and (",
            ),
        ),
        ("tests/sql/test_reading.py::test_out_of_reach_looks_like_absent",),
    ),
    Guard(
        "secret-key",
        "browsers may not list bookings",
        (
            core(
                "authorize",
                "if p_minimum = 'secret' and v_key.kind <> 'secret' then",
                "if false then",
            ),
        ),
        ("tests/sql/test_reading.py::test_browsers_do_not_list_bookings",),
    ),
    Guard(
        "revoked-key",
        "a revoked key opens nothing",
        (core("authorize", "\n        and k.revoked_at is null;", ";"),),
        ("tests/sql/test_authorize.py::test_a_revoked_key_opens_nothing",),
    ),
    Guard(
        "tenant-policy",
        "no row of another tenant is visible",
        (
            Edit(
                "sql/grants.sql",
                "to holdfast_owner using (%I = (select core.current_tenant()))'",
                "to holdfast_owner using (%I is not null)'",
            ),
        ),
        (f"{_TENANTS}::test_no_row_of_another_tenant_is_seen_or_changed",),
    ),
    Guard(
        "tenant-policy-forced",
        "not even to the owner of the tables",
        (Edit("sql/grants.sql", "force row level security'", "no force row level security'"),),
        (f"{_TENANTS}::test_every_table_of_tenants_is_guarded",),
    ),
    Guard(
        "version",
        "who has seen an older version changes nothing",
        (core("require_version", "p_booking.version <> p_version", "false"),),
        (
            "tests/sql/test_release_hold.py::test_a_stale_screen_releases_nothing",
            "tests/sql/test_begin_checkout.py::test_a_stale_screen_begins_nothing",
        ),
    ),
    Guard(
        "version-bump",
        "every change is a new version",
        (
            Edit(
                "sql/triggers/bookings_200_bump_version.sql",
                "new.version := old.version + 1;",
                "new.version := old.version;",
            ),
        ),
        ("tests/sql/test_triggers.py::test_every_version_is_bumped_by_the_database",),
    ),
    Guard(
        "audit",
        "every change of a booking is written down in its transaction",
        (
            Edit(
                "sql/triggers/bookings_900_audit.sql",
                "after insert or update on core.bookings",
                "after insert on core.bookings",
            ),
        ),
        ("tests/sql/test_triggers.py::test_every_change_of_a_booking_is_written_down",),
    ),
    Guard(
        "audit-append-only",
        "history is never rewritten",
        (
            Edit(
                "sql/triggers/booking_events_append_only.sql",
                "before update or delete or truncate on",
                "before truncate on",
            ),
        ),
        ("tests/sql/test_triggers.py::test_history_is_never_rewritten",),
    ),
    Guard(
        "client-price",
        "a price in a request is refused",
        (
            layer(
                "models/base",
                'ConfigDict(frozen=True, extra="forbid")',
                "ConfigDict(frozen=True)",
            ),
        ),
        ("tests/functions/test_bad_fields.py::test_a_price_in_a_request_is_refused",),
    ),
    Guard(
        "frozen-price",
        "what is charged is the price of the hold, not today's",
        (
            core("line_item", "'unit_amount', p_booking.amount,", "'unit_amount', v_price,"),
            core(
                "line_item",
                "    v_resource core.resources;\nbegin\n",
                "    v_resource core.resources;\n"
                "    v_price bigint := (select p.amount from core.prices as p"
                " where p.tenant_id = p_booking.tenant_id and p.offering_id = p_booking.offering_id"
                " and p.tier = p_booking.tier and p.package = p_booking.package);\nbegin\n",
            ),
        ),
        (
            "tests/journeys/test_wrong_amounts.py::test_a_price_that_changes_after_the_hold_is_not_charged",
        ),
    ),
)
