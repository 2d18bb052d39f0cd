"""Statements that violate the constraints of references, secrets and retention."""

from tests.harness.database.violations import NEW, Statement, changes, copy

_KEY_NAMES = ("", "a b", "x" * 41, "ä")

RETENTION: dict[str, list[Statement]] = {
    "tenants_keeps_unpaid": changes("tenants", "keep_unpaid_days", 29, 3651),
    "tenants_keeps_requests": changes("tenants", "keep_requests_days", 29, 3651),
    "tenants_keeps_waitlist": changes("tenants", "keep_waitlist_days", 29, 3651),
    "tenants_keeps_events": changes("tenants", "keep_events_days", 34, 3651),
    "tenants_secret_days_sane": changes("tenants", "secret_days", 29, 3651),
    "bookings_reference_unique": [copy("bookings", id=NEW)],
    "bookings_reference_is_base_32": changes(
        "bookings", "reference", "", "K7QM2F9", "K7QM2F9DD", "K7QM-2F9", "k7qm2f9d", "K7QM2F9U"
    ),
    "bookings_locale_short": changes("bookings", "locale", "", "d", "x" * 36),
    "bookings_timezone_short": changes("bookings", "timezone", "", "x" * 65),
    "bookings_secret_key_named": changes("bookings", "secret_key_id", *_KEY_NAMES),
    "waitlist_locale_short": changes("waitlist", "locale", "", "d", "x" * 36),
    "waitlist_timezone_short": changes("waitlist", "timezone", "", "x" * 65),
    "waitlist_secret_key_named": changes("waitlist", "secret_key_id", *_KEY_NAMES),
    "calendar_feeds_secret_key_named": changes("calendar_feeds", "secret_key_id", *_KEY_NAMES),
    "deleted_bookings_pkey": [copy("audit.deleted_bookings")],
    "deleted_bookings_counted": [
        ("update audit.deleted_bookings set bookings = %s", (count,)) for count in (0, -1)
    ],
}
