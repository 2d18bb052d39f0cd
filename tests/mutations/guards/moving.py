"""Tenants that are being moved, or live in another database; calls that go to the right place."""

from tests.mutations.guard import Guard, api, core, layer

_SQL = "tests/sql/test_moving_tenants.py"
_RACES = "tests/concurrency/test_moving_tenants.py"
_TEXT = "tests/functions/test_tenant_in_text.py"
_PLACES = "tests/functions/test_places.py"
_BOOKS = "tests/sql/test_reconcile.py"


def _passes_by(name: str, function: str, code: str, instead: str = "") -> Guard:
    """A sweep takes the fence of each tenant whose rows it handles."""
    kind = core if function in ("expire_reschedules", "claim_calendars_of") else api
    return Guard(
        f"fence-of-{function.replace('_', '-')}",
        f"{function} does not touch a tenant that its mover has fenced",
        (kind(function, code, instead),),
        (f"{_SQL}::test_a_sweep_passes_by_a_fence[{name}]",),
    )


def _ends(function: str) -> Guard:
    """A sweep does not ask again and again for rows that are all fenced."""
    code = "v_looked = p_limit and v_entered"
    return Guard(
        f"end-of-{function.replace('_', '-')}",
        f"{function} ends when all that it finds is fenced",
        (api(function, code, "v_looked = p_limit"),),
        (f"{_SQL}::test_a_batch_that_is_all_fenced_is_the_last",),
    )


GUARDS: tuple[Guard, ...] = (
    _ends("expire_holds"),
    _ends("offer_waiting"),
    _ends("compile_openings"),
    Guard(
        "tenant-fence",
        "work for a tenant holds its fence",
        (
            core(
                "bind_tenant",
                "    if not pg_catalog.pg_try_advisory_xact_lock_shared(\n"
                "        pg_catalog.hashtextextended('tenant:' || p_tenant_id, 0))\n"
                "    then",
                "    if false then",
            ),
        ),
        (f"{_RACES}::test_a_mover_waits_for_calls_inside",),
    ),
    Guard(
        "tenant-state",
        "no work is done for a tenant that is not here",
        (core("bind_tenant", "t.id = p_tenant_id and t.state = 'here'", "true"),),
        (f"{_SQL}::test_a_caller_is_asked_to_come_again",),
    ),
    _passes_by(
        "expire_holds",
        "expire_holds",
        "continue when not core.try_enter_tenant(v_tenant_id, 'sweep', null, null);",
        "perform core.try_enter_tenant(v_tenant_id, 'sweep', null, null);",
    ),
    _passes_by(
        "expire_holds, change",
        "expire_reschedules",
        "continue when not core.try_enter_tenant(v_booking.tenant_id, 'sweep', null, null);",
        "perform core.try_enter_tenant(v_booking.tenant_id, 'sweep', null, null);",
    ),
    _passes_by(
        "offer_waiting",
        "offer_waiting",
        "continue when not core.try_enter_tenant(v_entry.tenant_id, 'sweep', null, null);",
        "perform core.try_enter_tenant(v_entry.tenant_id, 'sweep', null, null);",
    ),
    _passes_by(
        "claim_effects",
        "claim_effects",
        "        continue when not core.try_enter_tenant("
        "v_effect.tenant_id, 'outbox', null, v_effect.key);\n",
    ),
    _passes_by(
        "claim_calendars",
        "claim_calendars_of",
        " or not core.try_enter_tenant(p_tenant_id, 'sweep', null, null)",
    ),
    _passes_by(
        "delete_expired_records, bookings",
        "delete_expired_records",
        "        if not core.try_enter_tenant(v_tenant.id, 'sweep', null, null) then",
        "        if core.try_enter_tenant(v_tenant.id, 'sweep', null, null) is null then",
    ),
    _passes_by(
        "compile_openings",
        "compile_openings",
        "        continue when not core.try_enter_tenant(v_one.tenant_id, 'sweep', null, null);\n",
    ),
    Guard(
        "told-elsewhere",
        "a report about a tenant that is not here is refused, so that it is repeated",
        (
            api(
                "settle_checkout",
                "    perform core.refuse_elsewhere(core.named_tenant(p_session));",
                "",
            ),
        ),
        (f"{_SQL}::test_a_report_about_a_tenant_that_left_is_not_unknown",),
    ),
    Guard(
        "head-of-the-queue",
        "rows of a tenant that is not here do not fill the batches of others",
        (api("expire_holds", "                and core.is_here(b.tenant_id)\n", ""),),
        (f"{_SQL}::test_others_are_served_behind_a_tenant_that_is_not_here[expire_holds]",),
    ),
    Guard(
        "foreign-payments",
        "payments of tenants of another database are not compared here",
        (
            api(
                "submit_reconciliation_page",
                "core.named_tenant(v_seen) is not null and not core.is_here(",
                "false and not core.is_here(",
            ),
        ),
        (f"{_BOOKS}::test_what_is_of_a_tenant_of_another_database_is_passed_by",),
    ),
    Guard(
        "secret-in-both-spellings",
        "a booking secret opens its booking, however it is written",
        (layer("access/actors", "fullmatch(first_written(", "fullmatch(str("),),
        (f"{_TEXT}::test_secrets_are_written_as_the_key_is",),
    ),
    Guard(
        "feed-of-its-tenant",
        "an address that names a tenant is looked up there",
        (layer("calendars/manage", "actors.tenant_in(token), where", "None, where"),),
        (f"{_TEXT}::test_addresses_of_feeds_name_their_tenant",),
    ),
    Guard(
        "writing-at-a-reader",
        "a reader that refuses to write is no failover",
        (
            layer(
                "platform/database",
                "error.sqlstate == _READ_ONLY and not where.reads",
                "error.sqlstate == _READ_ONLY",
            ),
        ),
        (f"{_PLACES}::test_writing_at_a_reader_is_a_fault_and_no_failover",),
    ),
    Guard(
        "failover",
        "a connection to a writer that became a reader is closed",
        (layer("platform/database", "error.sqlstate == _READ_ONLY and not where.reads", "False"),),
        (f"{_PLACES}::test_a_writer_that_became_a_reader_is_left",),
    ),
    Guard(
        "reader-that-died",
        "a call that a reader could not do goes to the writer",
        (layer("platform/database", "                where = where._replace(reads=False)\n", ""),),
        (f"{_PLACES}::test_without_a_reader_the_writer_answers",),
    ),
)
