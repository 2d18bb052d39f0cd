"""Statements that violate the constraints of scheduling and of reconciliation; see `violations`."""

from tests.harness.database.violations import NEW, Statement, change, changes, copy

_LATER = "2031-03-04T10:00:00Z"
_UNBOUNDED = (
    "empty",
    "[2031-01-01,)",
    "(,2031-01-01)",
    "(2031-01-01,2031-01-02)",
    "[2031-01-01,2031-01-02]",
)

_RULES: dict[str, list[Statement]] = {
    "tenants_hold_limit_sane": [
        change("tenants", hold_limit_minutes=39, hold_minutes=3),
        change("tenants", hold_limit_minutes=1441),
    ],
    "tenants_hold_limit_leaves_room": [
        change("tenants", hold_limit_minutes=40, hold_minutes=5),
        change("tenants", hold_limit_minutes=95, hold_minutes=60),
    ],
    "tenants_offer_sane": changes("tenants", "offer_minutes", 4, 1441),
    "tenants_live_holds_sane": [
        *changes("tenants", "live_holds_per_customer", 0, 10001),
        *changes("tenants", "live_holds_per_address", 0, 100001),
    ],
    "tenants_limits_of_holds_sane": [
        *changes("tenants", "live_holds_per_resource", 0, 100001),
        *changes("tenants", "live_holds_per_day", 0, 100001),
        *changes("tenants", "holds_per_hour", 0, 100001),
        *changes("tenants", "free_lapses", -1, 100001),
    ],
    "tenants_limits_of_places_sane": [
        *changes("tenants", "places_per_customer", 0, 10001),
        *changes("tenants", "places_per_address", 0, 100001),
        *changes("tenants", "places_per_hour", 0, 100001),
        *changes("tenants", "offers_per_address", 0, 1001),
        *changes("tenants", "place_days", 0, 1096),
    ],
    "tenants_letters_sane": [
        *changes("tenants", "letters_per_unproved", -1, 1001),
        *changes("tenants", "letters_per_proved", -1, 1001),
    ],
    "tenants_page_is_https": changes(
        *("tenants", "page_url", "", "http://a.example/", "https://", "javascript:alert(1)"),
        *("https://a@b.example/", "https://a.example/#b", "https://a.example/ b"),
        *("http://localhost.a.example/", "http://127.0.0.1.a.example/", "https:///a"),
        "https://a.example/" + "x" * 2000,
    ),
    "tenants_rates_sane": [
        *(
            violation
            for column in ("reads", "holds", "waitlist", "checkouts", "writes", "mailbox")
            for violation in changes("tenants", f"rate_{column}", 0, -1, 1_000_001)
        ),
        *changes("tenants", "rate_key_factor", 0, -1, 10_001),
    ],
    "openings_pkey": [copy("openings")],
    "openings_ordered": [
        ("update core.openings set closes_at = opens_at", ()),
        ("update core.openings set open_until = closes_at - interval '1 second'", ()),
    ],
    "timetables_pkey": [copy("timetables")],
    "bookables_pkey": [copy("bookables")],
    "resources_daily_limit_positive": changes("resources", "daily_limit", 0, -1, 100001),
    "resources_customer_limit_positive": changes("resources", "customer_limit", 0, -1, 100001),
    "resources_calendar_policy_known": changes("resources", "calendar_policy", "guess", ""),
    "offerings_buffers_sane": [
        *changes("offerings", "buffer_before_minutes", -1, 1441),
        *changes("offerings", "buffer_after_minutes", -1, 1441),
    ],
    "offerings_group_size_sane": changes("offerings", "group_size", 1, 0, -1, 1001),
    "offerings_free_cancel_sane": changes("offerings", "free_cancel_hours", -1, 8761),
    "weekly_hours_not_empty": [
        change("weekly_hours", opens="09:00", closes="09:00"),
        change("weekly_hours", opens="24:00", closes="09:00"),
    ],
    "weekly_hours_whole_minutes": [
        change("weekly_hours", opens="08:59:59"),
        change("weekly_hours", closes="17:00:00.5"),
    ],
    "weekly_hours_validity_ordered": [
        change("weekly_hours", valid_from="2031-06-02", valid_until="2031-06-01")
    ],
    "weekly_hours_no_overlap": [
        copy("weekly_hours", id=NEW),
        copy("weekly_hours", id=NEW, opens="16:59", closes="18:00"),
        # past midnight into the next day, and from Sunday into Monday
        copy("weekly_hours", "weekday = 2", id=NEW, opens="22:00", closes="09:01"),
        copy("weekly_hours", "weekday = 7", id=NEW, opens="22:00", closes="09:01"),
        # in one season only
        copy("weekly_hours", id=NEW, valid_from="2031-06-01", valid_until="2031-06-01"),
    ],
    "date_overrides_pkey": [copy("date_overrides", on_date="2031-12-26")],
    "date_overrides_resource_exists": changes("date_overrides", "resource_id", NEW),
    "date_overrides_both_or_none": [
        change("date_overrides", opens=None),
        change("date_overrides", closes=None),
    ],
    "date_overrides_not_empty": [
        change("date_overrides", opens="10:00", closes="10:00"),
        change("date_overrides", opens="24:00", closes="10:00"),
    ],
    "date_overrides_whole_minutes": [
        change("date_overrides", opens="09:00:01"),
        change("date_overrides", closes="14:00:00.5"),
    ],
    "date_overrides_reason_short": changes("date_overrides", "reason", "", "x" * 201),
    "date_overrides_no_overlap": [
        copy("date_overrides", id=NEW),
        copy("date_overrides", id=NEW, opens=None, closes=None),
        copy("date_overrides", id=NEW, opens="13:59", closes="02:00"),
    ],
    "blackouts_pkey": [copy("blackouts")],
    "blackouts_resource_exists": changes("blackouts", "resource_id", NEW),
    "blackouts_during_bounded": changes("blackouts", "during", *_UNBOUNDED),
    "blackouts_reason_short": changes("blackouts", "reason", "", "x" * 201),
    "calendars_pkey": [copy("calendars")],
    "calendars_resource_exists": changes("calendars", "resource_id", NEW),
    "calendars_name_present": changes("calendars", "name", "", "x" * 201),
    "calendars_url_is_https": changes(
        "calendars", "url", "", "http://a.example/", "https://a.example/" + "x" * 2000
    ),
    "calendars_fresh_sane": changes("calendars", "fresh_seconds", 29, 86401),
    "calendars_read_is_bounded": [
        change("calendars", read_at=None),
        change("calendars", busy_until=None),
    ],
    "external_busy_pkey": [copy("external_busy")],
    "external_busy_calendar_exists": changes("external_busy", "calendar_id", NEW),
    "external_busy_during_bounded": changes("external_busy", "during", *_UNBOUNDED[:3]),
    "calendar_feeds_pkey": [copy("calendar_feeds", token_hash=r"\x" + "00" * 32)],
    "calendar_feeds_resource_exists": changes("calendar_feeds", "resource_id", NEW),
    "calendar_feeds_token_unique": [copy("calendar_feeds", id=NEW)],
    "calendar_feeds_token_is_sha256": changes("calendar_feeds", "token_hash", b"", b"0" * 33),
    "pools_pkey": [copy("pools")],
    "pools_tenant_exists": [copy("pools", tenant_id=NEW)],
    "pools_name_present": changes("pools", "name", "", "x" * 201),
    "pool_resources_pkey": [copy("pool_resources")],
    "pool_resources_pool_exists": changes("pool_resources", "pool_id", NEW),
    "pool_resources_resource_exists": [copy("pool_resources", resource_id=NEW)],
}

_BOOKINGS: dict[str, list[Statement]] = {
    "bookings_cart_exists": [change("bookings", cart_id=NEW, position=2)],
    "bookings_pool_exists": changes("bookings", "pool_id", NEW),
    "bookings_position_counts": [
        *changes("bookings", "position", 0, -1, 2),
        change("bookings", position=101, cart_id=NEW),
    ],
    "bookings_first_carries_the_cart": [
        change("bookings", cart_id=NEW, position=1),
        ("update core.bookings set cart_id = id, position = 2", ()),
    ],
    "occupancies_part_known": changes("occupancies", "part", 0, 3),
    "occupancies_seat_positive": changes("occupancies", "seat", 0, -1),
    "occupancies_private_is_alone": changes("occupancies", "class_id", NEW),
    "occupancies_seat_once": [copy("occupancies", part=2)],
    "reschedules_pkey": [copy("reschedules", state="expired", expires_at=None)],
    "reschedules_booking_exists": changes("reschedules", "booking_id", NEW),
    "reschedules_resource_exists": changes("reschedules", "resource_id", NEW),
    "reschedules_state_known": [change("reschedules", state="lost", expires_at=None)],
    "reschedules_pending_has_deadline": [
        change("reschedules", expires_at=None),
        change("reschedules", state="applied"),
        change("reschedules", state="expired"),
    ],
    "reschedules_period_ordered": [("update core.reschedules set ends_at = starts_at", ())],
    "reschedules_amount_in_range": changes("reschedules", "amount", 0, -1, 100_000_000),
    "reschedules_currency_is_iso_4217": changes("reschedules", "currency", "eur", "EURO", ""),
    "reschedules_one_pending": [copy("reschedules", id=NEW)],
    "checkouts_reschedule_exists": changes("checkouts", "reschedule_id", NEW),
    "waitlist_pkey": [copy("waitlist")],
    "waitlist_resource_has_offering": changes("waitlist", "resource_id", NEW),
    "waitlist_package_of_tier": [
        *changes("waitlist", "tier", "golden"),
        *changes("waitlist", "package", "ten"),
    ],
    "waitlist_customer_exists": changes("waitlist", "customer_id", NEW),
    "waitlist_booking_exists": changes("waitlist", "booking_id", NEW),
    "waitlist_one_wish": [
        change("waitlist", starts_at=None),
        change("waitlist", on_date="2031-03-04"),
    ],
    "waitlist_state_known": changes("waitlist", "state", "lost", ""),
    "waitlist_offer_has_booking": changes("waitlist", "state", "offered", "booked"),
    "waitlist_secret_is_sha256": changes("waitlist", "client_secret_hash", b"", b"0" * 33),
    "waitlist_once_per_customer": [copy("waitlist", id=NEW)],
    "waitlist_override_reason_short": changes("waitlist", "override_reason", "", "x" * 501),
    "effects_sent_to_a_customer": [
        *changes("effects", "sent_at", _LATER),
        *changes("effects", "customer_id", NEW),
    ],
}

_RECONCILIATION: dict[str, list[Statement]] = {
    "reconciliations_pkey": [copy("reconciliations", phase="done", finished_at=_LATER)],
    "reconciliations_one_unfinished": [copy("reconciliations", id=NEW)],
    "reconciliations_window_ordered": [
        ("update core.reconciliations set until_at = from_at", ()),
    ],
    "reconciliations_phase_known": changes("reconciliations", "phase", "lost", ""),
    "reconciliations_done_is_finished": [
        *changes("reconciliations", "phase", "done"),
        *changes("reconciliations", "finished_at", _LATER),
    ],
    "calendars_slow_counted": changes("calendars", "slow_readings", -1),
    "sweep_failures_pkey": [copy("sweep_failures")],
    "sweep_failures_tenant_exists": changes("sweep_failures", "tenant_id", NEW),
    "sweep_failures_counted": changes("sweep_failures", "failures", 0, -1),
    "reconciled_rows_pkey": [copy("reconciled_rows")],
    "findings_pkey": [copy("findings")],
    "findings_kind_known": changes("findings", "kind", "lost", ""),
    "findings_cure_known": changes("findings", "cure", "aspirin", ""),
    "findings_amount_has_currency": [
        *changes("findings", "amount", None),
        *changes("findings", "currency", None),
    ],
    "findings_booked_has_currency": [
        *changes("findings", "booked_amount", None),
        *changes("findings", "booked_currency", None),
    ],
    "findings_acceptance_has_reason": [
        *changes("findings", "accepted_at", _LATER),
        *changes("findings", "accepted_because", "tea"),
    ],
}

SCHEDULING: dict[str, list[Statement]] = _RULES | _BOOKINGS | _RECONCILIATION
