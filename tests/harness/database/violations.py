"""For every named constraint: statements that violate only that one.

They run on the rows that `tests/sql/test_constraints.py` prepares. PostgreSQL checks CHECK
constraints in order of their names, then unique ones, then foreign keys.
"""

from typing import Any

from psycopg.types.json import Jsonb

NEW = "00000000-0000-4000-8000-000000000001"  # an id that no row has

Statement = tuple[str, tuple[Any, ...]]


def change(table: str, where: str = "true", /, **columns: object) -> Statement:
    """Update rows of core.<table>; the names of columns are the keywords."""
    assignments = ", ".join(f"{column} = %s" for column in columns)
    return f"update core.{table} set {assignments} where {where}", tuple(columns.values())


# Columns that are generated take no values, so that the others have to be listed.
COPY = """
create function harness.copy(p_table regclass, p_where text, p_changes jsonb) returns void
language plpgsql as $$
declare
    v_columns text := (
        select string_agg(format('%I', a.attname), ', ' order by a.attnum)
        from pg_attribute as a
        where a.attrelid = p_table and a.attnum > 0
            and not a.attisdropped and a.attgenerated = '');
begin
    execute format(
        'insert into %1$s (%2$s) overriding system value select %2$s from ('
        ' select (jsonb_populate_record(t, $1)).* from %1$s as t where %3$s limit 1) as c',
        p_table, v_columns, p_where) using p_changes;
end;
$$
"""


def copy(table: str, where: str = "true", /, **columns: object) -> Statement:
    """Insert a row that is like one of core.<table> except for some columns; needs COPY."""
    name = table if "." in table else f"core.{table}"
    return "select harness.copy(%s, %s, %s)", (name, where, Jsonb(columns))


def changes(table: str, column: str, *values: object) -> list[Statement]:
    return [change(table, "true", **{column: value}) for value in values]


_CATALOGUE: dict[str, list[Statement]] = {
    "migrations_pkey": [copy("migrations")],
    "migrations_checksum_is_sha256": changes("migrations", "checksum", "", "0" * 63, "G" * 64),
    "tenants_pkey": [copy("tenants")],
    "tenants_name_present": changes("tenants", "name", "", "x" * 201),
    "tenants_hold_minutes_sane": changes("tenants", "hold_minutes", 0, 61),
    "tenants_state_known": changes("tenants", "state", "", "gone"),
    "tenants_return_origins_are_origins": changes(
        "tenants",
        "return_origins",
        ["http://studio.example"],
        ["https://studio.example/"],
        ["https://STUDIO.example"],
        ["https://studio.example:*"],
        ["javascript:alert(1)"],
        ["https://studio.example", "ftp://studio.example"],
        ["http://localhost.evil.example"],
        [None],
        [""],
    ),
    "tenants_return_origins_few": changes(
        "tenants", "return_origins", [f"https://{n}.example" for n in range(51)]
    ),
    "tenants_delayed_methods_known": changes("tenants", "delayed_methods", "always", ""),
    "tenants_delayed_method_days_sane": changes("tenants", "delayed_method_days", 0, 61),
    "tenants_payment_pages_sane": changes("tenants", "payment_pages_per_hold", 0, 101),
    "capabilities_pkey": [copy("capabilities")],
    "capabilities_capability_is_noun_verb": changes(
        "capabilities", "capability", "booking", "booking.", "Booking.read", "a.b.c"
    ),
    "capabilities_kind_known": [copy("capabilities", kind="guest")],
    "capabilities_scope_known": changes("capabilities", "scope", "", "all"),
    "api_keys_pkey": [copy("api_keys", key_hash=r"\x" + "00" * 32)],
    "api_keys_tenant_exists": changes("api_keys", "tenant_id", NEW),
    "api_keys_first_exists": changes("api_keys", "first_id", NEW),
    "api_keys_hash_unique": [copy("api_keys", id=NEW)],
    "api_keys_hash_is_sha256": changes("api_keys", "key_hash", b"", b"0" * 31, b"0" * 33),
    "api_keys_kind_known": changes("api_keys", "kind", "root", "", "Secret"),
    "api_keys_label_present": changes("api_keys", "label", "", "x" * 201),
    "currencies_pkey": [copy("currencies")],
    "currencies_code_is_iso_4217": [copy("currencies", code=c) for c in ("eu", "eur", "EURO")],
    "currencies_minor_digits_known": changes("currencies", "minor_digits", 1, 3, -2),
    "currencies_least_charge_positive": changes("currencies", "least_charge", 0, -50),
    "currencies_step_positive": changes("currencies", "step", -1, -100),
    "currencies_least_charge_in_steps": [
        change("currencies", "code = 'SEK'", step=7),
        change("currencies", "code = 'SEK'", step=100, least_charge=250),
    ],
    "resources_pkey": [copy("resources", "booking_mode = 'slot'", booking_mode="date")],
    "resources_tenant_exists": [copy("resources", tenant_id=NEW)],
    "resources_name_present": changes("resources", "name", "", "x" * 201),
    "resources_booking_mode_known": changes("resources", "booking_mode", "week", ""),
    "resources_confirmation_known": changes("resources", "confirmation", "never", ""),
    "resources_capacity_positive": changes("resources", "capacity", 0, -1, 1001),
    "resources_buffers_sane": [
        *changes("resources", "buffer_before_minutes", -1, 1441),
        *changes("resources", "buffer_after_minutes", -1, 1441),
    ],
    "resources_step_sane": changes("resources", "step_minutes", 0, 4, 1441),
    "resources_notice_sane": changes("resources", "notice_minutes", -1, 525601),
    "resources_horizon_sane": changes("resources", "horizon_days", 0, 1096),
    "offerings_pkey": [
        copy("offerings", "booking_mode = 'slot'", booking_mode="date", duration_minutes=None)
    ],
    "offerings_tenant_exists": [copy("offerings", tenant_id=NEW)],
    "offerings_name_present": changes("offerings", "name", "", "x" * 201),
    "offerings_booking_mode_known": changes("offerings", "booking_mode", "week", ""),
    "offerings_slot_has_duration": [
        change("offerings", "booking_mode = 'slot'", duration_minutes=None),
        change("offerings", "booking_mode = 'date'", duration_minutes=60),
    ],
    "offerings_duration_sane": [
        change("offerings", "booking_mode = 'slot'", duration_minutes=minutes)
        for minutes in (4, 0, -60, 10081)
    ],
    "resource_offerings_pkey": [copy("resource_offerings")],
    "resource_offerings_resource_mode": [
        copy("resource_offerings", resource_id=NEW),
        (  # a resource by the slot with an offering by the date
            "insert into core.resource_offerings select r.tenant_id, r.id, o.id, 'date'"
            " from core.resources as r join core.offerings as o using (tenant_id)"
            " where r.booking_mode = 'slot' and o.booking_mode = 'date'",
            (),
        ),
    ],
    "resource_offerings_offering_mode": [
        copy("resource_offerings", offering_id=NEW),
        (
            "insert into core.resource_offerings select r.tenant_id, r.id, o.id, 'date'"
            " from core.resources as r join core.offerings as o using (tenant_id)"
            " where r.booking_mode = 'date' and o.booking_mode = 'slot'",
            (),
        ),
    ],
    "tiers_pkey": [copy("tiers")],
    "tiers_offering_exists": [copy("tiers", offering_id=NEW)],
    "tiers_name_is_a_slug": [copy("tiers", tier=t) for t in ("", "Gold", "a b", "1st", "x" * 41)],
    "packages_pkey": [copy("packages")],
    "packages_tier_exists": [copy("packages", tier="golden")],
    "packages_name_is_a_slug": [copy("packages", package=p) for p in ("", "Ten", "a-b", "x" * 41)],
    "prices_pkey": [copy("prices")],
    "prices_package_of_tier": [
        *changes("prices", "tier", "golden"),  # a price exists only for a tier and package
        *changes("prices", "package", "ten"),  # that belong together
        copy("prices", offering_id=NEW),
    ],
    "prices_currency_known": changes("prices", "currency", "XXX", "eur", ""),
    # a smaller sum is refused by a trigger before
    "prices_amount_in_range": changes("prices", "amount", 100_000_000),
    "weekly_hours_pkey": [copy("weekly_hours", opens="18:00", closes="19:00")],
    "weekly_hours_resource_exists": [copy("weekly_hours", id=NEW, resource_id=NEW)],
    "weekly_hours_weekday_is_iso": changes("weekly_hours", "weekday", 0, 8, -1),
}

_BOOKINGS: dict[str, list[Statement]] = {
    "customers_pkey": [copy("customers", email="other@example.com")],
    "customers_tenant_exists": [copy("customers", tenant_id=NEW)],
    "customers_email_unique": [copy("customers", id=NEW)],
    "customers_email_normalised": changes("customers", "email", "A@example.com", "ab", "x" * 255),
    "customers_name_present": changes("customers", "name", "", "x" * 201),
    "customers_phone_is_e164": changes("customers", "phone", "", "030123456", "+0301234567"),
    "bookings_pkey": [copy("bookings")],
    "bookings_resource_has_offering": changes("bookings", "resource_id", NEW),
    "bookings_package_of_tier": [
        *changes("bookings", "tier", "golden"),
        *changes("bookings", "package", "ten"),
    ],
    "bookings_customer_exists": changes("bookings", "customer_id", NEW),
    "bookings_period_ordered": [
        ("update core.bookings set ends_at = starts_at", ()),
        ("update core.bookings set ends_at = starts_at - interval '1 s'", ()),
    ],
    "bookings_period_finite": [
        *changes("bookings", "ends_at", "infinity"),
        *changes("bookings", "starts_at", "-infinity"),
    ],
    "bookings_buffers_sane": [
        *changes("bookings", "buffer_before_minutes", -1, 1441),
        *changes("bookings", "buffer_after_minutes", -1, 1441),
    ],
    "bookings_amount_in_range": changes("bookings", "amount", 0, -1, 100_000_000),
    "bookings_currency_is_iso_4217": changes("bookings", "currency", "eur", "EURO", ""),
    "bookings_status_known": [
        copy("bookings", id=NEW, status=status, hold_expires_at=None)
        for status in ("confirmed", "", "Scheduled")
    ],
    "bookings_payment_status_known": changes("bookings", "payment_status", "free", ""),
    "bookings_outcome_known": changes("bookings", "outcome", "fine", ""),
    "bookings_dispute_status_known": changes("bookings", "dispute_status", "lost", ""),
    "bookings_hold_has_deadline": [
        change("bookings", "status = 'held'", hold_expires_at=None),
        change("bookings", "status = 'paying'", hold_expires_at=None),
        change("bookings", "status = 'scheduled'", hold_expires_at="2031-01-01T00:00Z"),
        change("bookings", "status = 'expired'", hold_expires_at="2031-01-01T00:00Z"),
    ],
    "bookings_scheduled_is_paid": [
        change("bookings", "status = 'scheduled'", payment_status=status)
        for status in ("unpaid", "authorized", "refunded", "voided")
    ],
    "bookings_secret_is_sha256": changes("bookings", "client_secret_hash", b"", b"0" * 33),
    "bookings_customer_name_present": changes("bookings", "customer_name", "", "x" * 201),
    "bookings_notes_short": changes("bookings", "notes", "x" * 2001),
    "bookings_version_positive": [copy("bookings", id=NEW, version=0)],
    "occupancies_pkey": [copy("occupancies", unit=999, seat=2)],
    "occupancies_booking_exists": [
        change(
            "occupancies",
            "booking_id in (select booking_id from core.occupancies limit 1)",
            booking_id=NEW,
            class_id=NEW,
        )
    ],
    "occupancies_unit_positive": changes("occupancies", "unit", 0, -1),
    "occupancies_during_bounded": changes(
        "occupancies",
        "during",
        "empty",
        "[2031-01-01,)",
        "(,2031-01-01)",
        "(2031-01-01,2031-01-02)",
        "[2031-01-01,2031-01-02]",
        "[2031-01-01,infinity]",
    ),
    "occupancies_no_overlap": [copy("occupancies", booking_id=NEW, class_id=NEW)],
    "transitions_pkey": [copy("transitions")],
    "idempotency_keys_pkey": [copy("idempotency_keys")],
    "idempotency_keys_caller_named": [
        copy("idempotency_keys", caller=name)
        for name in ("", "Secret", "secret:", "publishable:me", f"a:{NEW}:{NEW}")
    ],
    "idempotency_keys_operation_named": [
        copy("idempotency_keys", operation=name) for name in ("", "Cancel", "a-b", "x" * 61)
    ],
    "idempotency_keys_key_sane": [
        copy("idempotency_keys", key=key) for key in ("", "a b", "k\n", "ü", "x" * 256)
    ],
    "idempotency_keys_fingerprint_is_sha256": changes("idempotency_keys", "fingerprint", b""),
    "booking_events_pkey": [copy("audit.booking_events")],
}

_MONEY: dict[str, list[Statement]] = {
    "checkouts_booking_exists": changes("checkouts", "booking_id", NEW),
    "checkouts_pkey": [copy("checkouts", state="expired", stripe_session_id=None)],
    "checkouts_stripe_session_unique": [copy("checkouts", id=NEW, state="expired")],
    "checkouts_one_payable_per_booking": [
        copy("checkouts", "state = 'open'", id=NEW, stripe_session_id=None, state=state)
        for state in ("creating", "pending")
    ],
    "checkouts_state_known": changes("checkouts", "state", "closed", ""),
    "checkouts_close_reason_known": changes("checkouts", "close_reason", "bored", ""),
    "checkouts_open_has_stripe_session": [
        change("checkouts", "state = 'open'", stripe_session_id=None)
    ],
    "checkouts_amount_in_range": changes("checkouts", "amount", 0, -1, 100_000_000),
    "checkouts_currency_is_iso_4217": changes("checkouts", "currency", "eur", ""),
    "payments_pkey": [copy("payments", payment_intent_id="pi_other")],
    "payments_booking_exists": changes("payments", "booking_id", NEW),
    "payments_checkout_exists": changes("payments", "checkout_id", NEW),
    "payments_intent_unique": [copy("payments", id=NEW)],
    "payments_status_known": changes("payments", "status", "paid", ""),
    "payments_amount_positive": changes("payments", "amount", 0, -1),
    "payments_currency_is_iso_4217": changes("payments", "currency", "eur", ""),
    "payments_refunds_within_capture": [
        ("update core.payments set amount_refunded = amount + 1", ()),
        ("update core.payments set amount_refunded = -1", ()),
    ],
    "refunds_pkey": [copy("refunds", stripe_refund_id="re_other")],
    "refunds_payment_exists": changes("refunds", "payment_id", NEW),
    "refunds_booking_exists": changes("refunds", "booking_id", NEW),
    "refunds_stripe_refund_unique": [copy("refunds", id=NEW)],
    "refunds_reason_known": changes("refunds", "reason", "kindness", ""),
    "refunds_status_known": changes("refunds", "status", "lost", ""),
    "refunds_amount_positive": changes("refunds", "amount", 0, -1),
    "refunds_replacement_is_of_a_failure": changes("refunds", "replaced_by", NEW),
    "refunds_currency_is_iso_4217": changes("refunds", "currency", "eur", ""),
    "stripe_events_pkey": [copy("stripe_events")],
    "stripe_events_booking_exists": changes("stripe_events", "booking_id", NEW),
    "stripe_events_id_shape": [
        copy("stripe_events", id=i) for i in ("evt_", "ch_1", "evt_a b", "evt_" + "x" * 251)
    ],
    "effects_pkey": [copy("effects", key="other")],
    "effects_key_unique": [copy("effects", id=NEW)],
    "effects_booking_exists": changes("effects", "booking_id", NEW),
    "effects_checkout_exists": [change("effects", "kind = 'expire_session'", checkout_id=NEW)],
    "effects_refund_exists": [change("effects", "kind = 'refund_payment'", refund_id=NEW)],
    "effects_kind_known": changes("effects", "kind", "send_flowers", ""),
    "effects_names_its_subject": [
        change("effects", "kind = 'expire_session'", checkout_id=None),
        change("effects", "kind = 'refund_payment'", refund_id=None),
        change("effects", "kind = 'refund_payment'", checkout_id=NEW),
    ],
    "effects_state_known": changes("effects", "state", "lost", ""),
    "effects_attempts_counted": changes("effects", "attempts", -1),
}

VIOLATIONS: dict[str, list[Statement]] = _CATALOGUE | _BOOKINGS | _MONEY
"""Those of scheduling stand in `violations_of_scheduling`."""
