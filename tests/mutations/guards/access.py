"""Which callers may do what, with which version, and how often."""

from tests.mutations.guard import Edit, Guard, api, core, layer

_HOLD = "tests/sql/test_create_hold.py"
_TENANTS = "tests/sql/test_tenants.py"
_REPEATED = "tests/functions/test_idempotency.py"
_REPEATS = "tests/functions/test_repeats.py::test_other_callers_learn_nothing_of_a_request"
_REVOKED = "tests/concurrency/test_revoked_keys.py"
_PARTS = "parts = (actor.key_hash, actor.booking_secret_hash, operation, subject)"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "key-fence",
        "a key that another call has used meanwhile is noticed under the lock",
        (
            core(
                "claim_key",
                "    return core.replayed(p_actor, p_operation, p_subject, p_key, p_fingerprint);",
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
        (layer("api/idempotency", '        payload_validation_jmespath="[key, body]",\n', ""),),
        (f"{_REPEATED}::test_another_body_is_refused_before_the_database",),
    ),
    Guard(
        "front-door-hash",
        "customers cannot be guessed from the hashes in DynamoDB",
        (layer("api/idempotency", '"[key, body]"', '"body"'),),
        (f"{_REPEATED}::test_equal_bodies_have_unequal_hashes_in_dynamodb",),
    ),
    Guard(
        "front-door-scope",
        "keys of different callers are different keys",
        (layer("api/idempotency", _PARTS, "parts = (operation, subject)"),),
        (f"{_REPEATED}::test_tenants_do_not_share_keys",),
    ),
    Guard(
        "front-door-secret",
        "a caller with another booking secret, or none, does not learn that a key was used",
        (layer("api/idempotency", _PARTS, "parts = (actor.key_hash, operation, subject)"),),
        (f"{_REPEATED}::test_a_stranger_does_not_learn_that_a_key_was_used",),
    ),
    Guard(
        "front-door-subject",
        "a caller cannot use up the key of another booking",
        (
            layer(
                "api/idempotency",
                _PARTS,
                "parts = (actor.key_hash, actor.booking_secret_hash, operation)",
            ),
        ),
        (f"{_REPEATED}::test_all_bookings_of_a_server_have_keys_of_their_own",),
    ),
    Guard(
        "stored-answers",
        "an answer comes from the database, which authorises the present caller",
        (
            layer(
                "api/idempotency",
                '        return {"id": made["id"]}\n',
                "        return answers[0]\n",
            ),
            layer(
                "api/idempotency",
                "        _guarded()(request=",
                "        kept = _guarded()(request=",
            ),
            layer(
                "api/idempotency",
                "answers[0] if answers else _performed(actor, effect)",
                "answers[0] if answers else kept",
            ),
        ),
        (f"{_REPEATS}[/v1/holds-publishable-DynamoDB]",),
    ),
    Guard(
        "unseen-keys",
        "a key that this environment has not seen alive is not written to DynamoDB",
        (layer("api/idempotency", "    if not _seen_alive(actor.key_hash):", "    if False:"),),
        (f"{_REPEATED}::test_a_key_that_has_acted_uses_the_front_door",),
    ),
    Guard(
        "guessable-keys",
        "a browser's key to a client_secret cannot be guessed",
        (layer("api/http", "if opens and len(key) < _UNGUESSED and", "if False and"),),
        (f"{_REPEATED}::test_a_browsers_key_to_a_secret_cannot_be_guessed",),
    ),
    Guard(
        "key-caller",
        "a browser neither claims nor replays a server's key",
        (
            core(
                "authorize",
                "when 'secret' then 'secret' else k.kind || ':' || k.lineage end,",
                "when 'secret' then 'secret' else 'secret' end,",
            ),
        ),
        (f"{_REPEATED}::test_browsers_and_servers_do_not_share_keys",),
    ),
    Guard(
        "key-lineage",
        "browsers of one publishable key learn nothing of those of another",
        (core("authorize", "k.kind || ':' || k.lineage end,", "k.kind end,"),),
        (f"{_REPEATS}[/v1/holds-publishable-DynamoDB]",),
    ),
    Guard(
        "key-subject",
        "and in the database a key belongs to one booking",
        (
            api(
                "begin_checkout",
                "v_actor, 'begin_checkout', p_booking_id, p_key, v_fingerprint);\n    v_reschedule",
                "v_actor, 'begin_checkout', core.nothing_yet(), p_key, v_fingerprint);\n"
                "    v_reschedule",
            ),
            api(
                "begin_checkout",
                "v_actor.caller, 'begin_checkout', p_booking_id, p_key, v_fingerprint,",
                "v_actor.caller, 'begin_checkout', core.nothing_yet(), p_key, v_fingerprint,",
            ),
        ),
        (f"{_REPEATED}::test_a_key_of_another_booking_cannot_be_used_up",),
    ),
    Guard(
        "replaced-key",
        "a key inherits the idempotency keys of the one it replaces",
        (
            core(
                "administer_tenant",
                "(select o.lineage from core.api_keys as o"
                " where o.tenant_id = v_id and o.id = k.replaces),",
                "null,",
            ),
        ),
        ("tests/functions/test_tenants.py::test_a_replaced_keys_request_has_one_effect",),
    ),
    Guard(
        "still-authorized",
        "a key that was revoked while its call waited is refused",
        (core("still_authorized", "if not exists (", "if false and not exists ("),),
        (f"{_REVOKED}::test_a_key_revoked_while_its_call_waits_acts_no_more[create_hold]",),
    ),
    Guard(
        "still-authorized-repeat",
        "nor does it get the answer of its earlier call",
        (core("claim_key", "    perform core.still_authorized(p_actor);", "   "),),
        (f"{_REVOKED}::test_a_repeat_that_waited_is_not_answered_either",),
    ),
    Guard(
        "callers-of-old-keys",
        "an upgrade knows the callers of existing idempotency keys",
        (
            Edit(
                "sql/migrations/0007_front_door.sql",
                "    set caller = case a.kind when 'secret' then 'secret' else",
                "    set caller = case a.kind when 'neither' then 'secret' else",
            ),
        ),
        ("tests/upgrades/test_upgrade.py::test_every_key_has_its_caller",),
    ),
    Guard(
        "booking-secret",
        "a booking opens only with its own secret",
        (
            core(
                "require_booking_access",
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
                "if v_actor.scope is null then",
                "if false then",
            ),
        ),
        ("tests/sql/test_reading.py::test_browsers_do_not_list_bookings",),
    ),
    Guard(
        "capability-kind",
        "a capability is for the kinds of credential that are listed with it",
        (
            core(
                "authorize",
                "and (c.kind = k.kind or c.kind = 'booking_secret' and k.kind = 'publishable')",
                "",
            ),
        ),
        ("tests/sql/test_access.py::test_every_credential_gets_the_answer_it_should[get_booking]",),
    ),
    Guard(
        "capability-listed",
        "what is no longer listed in grants.sql is no longer allowed",
        (
            Edit(
                "sql/grants.sql",
                "    delete from core.capabilities as c\n",
                "    select from core.capabilities as c\n",
            ),
        ),
        (
            "tests/sql/test_migrating_again.py::test_the_list_of_capabilities_replaces_what_was_there",
        ),
    ),
    Guard(
        "revoked-key",
        "a revoked key opens nothing",
        (core("authorize", "\n        and k.revoked_at is null;", ";"),),
        ("tests/sql/test_authorize.py::test_a_revoked_key_opens_nothing",),
    ),
    Guard(
        "doors-search-path",
        "a door resolves no name by its caller's search_path",
        (
            Edit(
                "sql/grants.sql",
                "'alter function %s set search_path = '''' set",
                "'alter function %s set",
            ),
        ),
        ("tests/structure/test_sql.py::test_api_functions_are_doors",),
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
        "a request with an older version changes nothing",
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
                "platform/models",
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
