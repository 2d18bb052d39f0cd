"""Guardless twins: the same database without one guard, to show what the guard is for.

A test of a race proves little unless it is known that it can fail. Each race test has a twin that
removes the guard in its own database and must see the fault.
"""

from tests.harness.database.migrated import Database


def rewrite(database: Database, function: str, old: str, new: str) -> None:
    """Replace a piece of a stored function's source, in this database only.

    Args:
        function: with its schema, `core.lock_days`.
        old: text that occurs exactly once in the definition; otherwise the twin no longer fits.
        new: its replacement.
    """
    definition: str = database.value(
        "select pg_get_functiondef(p.oid) from pg_proc as p"
        " join pg_namespace as n on n.oid = p.pronamespace"
        " where n.nspname || '.' || p.proname = %s",
        function,
    )
    assert definition.count(old) == 1, f"{function} does not read as its twin expects:\n{old}"
    database.execute(definition.replace(old, new))


def forget_day_lock(database: Database) -> None:
    """`core.lock_days` locks nothing, and no session waits for another's days."""
    for function in ("lock_days", "await_days"):
        database.execute(
            f"create or replace function core.{function}(p_resource_id uuid, p_during tstzrange)"
            " returns void language plpgsql volatile as $$ begin return; end; $$"
        )


def forget_local_day(database: Database) -> None:
    """`core.lock_range` locks only the occupied range, although limits count by the day."""
    rewrite(database, "core.lock_range", "when p_daily_limit is null then", "when true then")


def forget_overlap_constraint(database: Database) -> None:
    """The table accepts overlapping occupancies."""
    database.execute("alter table core.occupancies drop constraint occupancies_no_overlap")


def forget_booking_lock(database: Database) -> None:
    """`core.lock_booking` only reads."""
    rewrite(database, "core.lock_booking", "    for no key update;", "    ;")


def forget_sweep_lock(database: Database) -> None:
    """Sweeps take bookings that another session has locked, one by one.

    What is ended together is found by where its row stands, so a session that changes it meanwhile
    moves it away: there the lock is not the only guard.
    """
    rewrite(database, "api.expire_holds", "b.status = 'held' and b.cart_id is null as", "false as")
    rewrite(database, "api.expire_holds", "            for no key update skip locked\n", "")


def lock_bookings_against_references(database: Database) -> None:
    """`core.settle` locks the booking's row in the mode that its foreign keys wait for."""
    rewrite(database, "core.settle", "    for no key update;", "    for update;")


def forget_stale_check(database: Database) -> None:
    """A request for an expired hold's time does not check again after waiting for its row."""
    rewrite(
        database,
        "core.expire_stale_holds",
        "if v_booking.status = 'held' and v_booking.hold_expires_at <= core.clock() then",
        "if true then",
    )


def forget_event_fence(database: Database) -> None:
    """An event's id is looked up, not fenced: check, then act."""
    database.execute("alter table core.stripe_events drop constraint stripe_events_pkey")
    rewrite(
        database,
        "core.record_event",
        "    on conflict (tenant_id, id) do nothing;\n    return found;",
        "    ;\n    return true;",
    )


def forget_fence(database: Database) -> None:
    """A session that enters a tenant reads its state, without the lock that a mover waits for."""
    rewrite(
        database,
        "core.bind_tenant",
        """    if not pg_catalog.pg_try_advisory_xact_lock_shared(
        pg_catalog.hashtextextended('tenant:' || p_tenant_id, 0))
    then""",
        "    if false then",
    )


def forget_payment_fence(database: Database) -> None:
    """Each report of a payment is a payment."""
    database.execute("drop index core.payments_intent_unique")
    fence = (
        "on conflict (tenant_id, payment_intent_id) where payment_intent_id is not null do nothing"
    )
    rewrite(database, "core.record_payment", fence, "")


def forget_key_fence(database: Database) -> None:
    """An idempotency key has no effect."""
    database.execute("alter table core.idempotency_keys drop constraint idempotency_keys_pkey")
    rewrite(
        database,
        "core.claim_key",
        "    on conflict (tenant_id, caller, operation, subject, key) do nothing;\n",
        "    ;\n",
    )
    rewrite(
        database, "core.replayed", "if found and v_earlier.fingerprint <> p_fingerprint", "if false"
    )
    rewrite(database, "core.replayed", "return v_earlier.result_id;", "return null;")


def forget_revocation(database: Database) -> None:
    """A caller authorised before a wait counts as authorised after it."""
    rewrite(database, "core.still_authorized", "if not exists (", "if false and not exists (")


def forget_one_payable(database: Database) -> None:
    """A booking may have several payable checkouts."""
    database.execute("drop index core.checkouts_one_payable_per_booking")


def forget_order_of_places(database: Database) -> None:
    """A reschedule locks the days it leaves before those it enters, whichever is first."""
    rewrite(
        database,
        "core.lock_reschedule_days",
        "if (v_from.id, pg_catalog.lower(v_old)) <= (p_resource.id, pg_catalog.lower(v_new)) then",
        "if true then",
    )


def forget_rules_lock(database: Database) -> None:
    """A change of a resource's rules does not wait for holds."""
    database.execute(
        "create or replace function core.lock_rules(p_resource_ids uuid[])"
        " returns void language plpgsql volatile as $$ begin return; end; $$"
    )


def forget_shared_rules(database: Database) -> None:
    """A hold neither waits for a change of the rules, nor makes one wait."""
    rewrite(
        database,
        "core.try_lock_days",
        "if not pg_catalog.pg_try_advisory_xact_lock_shared(\n"
        "        pg_catalog.hashtextextended('rules:' || p_resource_id, 0))\n",
        "if false\n",
    )


def forget_timetable_lock(database: Database) -> None:
    """The timetable of a resource is compiled without a lock."""
    rewrite(
        database,
        "core.compile_openings",
        "values (p_tenant_id, p_resource_id, p_at, p_at, false, p_at)\n"
        "    on conflict (tenant_id, resource_id)"
        " do update set compiled_at = excluded.compiled_at;",
        "select p_tenant_id, p_resource_id, p_at, p_at, false, p_at\n"
        "    where not exists (\n"
        "        select from core.timetables as k\n"
        "        where k.tenant_id = p_tenant_id and k.resource_id = p_resource_id);",
    )
    rewrite(database, "core.compile_bookables", "\n        for no key update;", ";")


def forget_customer_lock(database: Database) -> None:
    """`core.require_customer` only reads."""
    rewrite(database, "core.require_customer", "\n        for key share;", ";")


def forget_deletion_lock(database: Database) -> None:
    """The sweep of never-paid bookings takes those that another session has locked, and no foreign
    key stops it.
    """
    rewrite(
        database,
        "core.delete_booking",
        "    where b.tenant_id = p_tenant.id and b.id = p_booking_id\n    for update skip locked;",
        "    where b.tenant_id = p_tenant.id and b.id = p_booking_id;",
    )
    for table in ("payments", "refunds", "effects", "stripe_events"):
        database.execute(f"alter table core.{table} drop constraint {table}_booking_exists")
    for table in ("payments", "effects"):
        database.execute(f"alter table core.{table} drop constraint {table}_checkout_exists")


def forget_idle_lock(database: Database) -> None:
    """Sweeps look for a customer's last row without the customer's lock."""
    rewrite(database, "core.lock_idle_customers", "\n        for update skip locked;", ";")
