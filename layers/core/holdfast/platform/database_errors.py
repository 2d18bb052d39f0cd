"""What a refusal of the database means: SQLSTATEs and constraints, each with its error."""

import json
from collections.abc import Mapping

from holdfast.platform.errors import (
    CATALOGUE,
    AlreadyWaiting,
    HoldfastError,
    IdempotencyKeyMissing,
    InternalError,
    InvalidRequest,
    NotFound,
    SlotTaken,
    Unavailable,
    WindowOverlaps,
)

# SQLSTATEs that our functions raise: each error names its own.
BY_SQLSTATE: Mapping[str, type[HoldfastError]] = {
    kind.sqlstate: kind for kind in CATALOGUE if kind.sqlstate is not None
}

# Constraints that a request can reach although the models should have stopped it.
BY_CONSTRAINT: Mapping[str, type[HoldfastError]] = {
    "bookings_customer_name_present": InvalidRequest,
    "blackouts_during_bounded": InvalidRequest,
    "bookings_locale_short": InvalidRequest,
    "bookings_notes_short": InvalidRequest,
    "bookings_reference_unique": Unavailable,  # two draws were equal at the same moment
    "bookings_resource_has_offering": NotFound,
    "bookings_timezone_short": InvalidRequest,
    "calendars_name_present": InvalidRequest,
    "calendars_url_is_https": InvalidRequest,
    "customers_email_normalised": InvalidRequest,
    "customers_name_present": InvalidRequest,
    "customers_phone_is_e164": InvalidRequest,
    "date_overrides_both_or_none": InvalidRequest,
    "date_overrides_no_overlap": WindowOverlaps,
    "date_overrides_not_empty": InvalidRequest,
    "idempotency_keys_key_sane": IdempotencyKeyMissing,
    "occupancies_no_overlap": SlotTaken,
    "offerings_slot_has_duration": InvalidRequest,
    "prices_currency_known": InvalidRequest,
    "resource_offerings_offering_mode": InvalidRequest,
    "stripe_events_booking_exists": Unavailable,  # deleted meanwhile: the next delivery will know
    "waitlist_locale_short": InvalidRequest,
    "waitlist_once_per_customer": AlreadyWaiting,
    "waitlist_timezone_short": InvalidRequest,
    "weekly_hours_no_overlap": WindowOverlaps,
    "weekly_hours_not_empty": InvalidRequest,
    "weekly_hours_validity_ordered": InvalidRequest,
}

# Too busy or going down: nothing was done, and trying again is right.
_PASSING = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "53300",  # too_many_connections
    "55P03",  # lock_not_available
    "57014",  # query_canceled: statement_timeout
    "57P01",  # admin_shutdown
    "57P02",  # crash_shutdown
    "57P03",  # cannot_connect_now
}


def from_database(
    sqlstate: str | None, constraint: str | None, message: str, detail: str | None, hint: str | None
) -> HoldfastError | None:
    """The error that a refusal of the database means, or None when it is a fault of ours."""
    if sqlstate in _PASSING:
        return Unavailable()
    kind = BY_SQLSTATE.get(sqlstate or "")
    if kind is InternalError:
        return None
    if kind is not None:
        # without a message of its own, a RAISE has its SQLSTATE for one
        sentence = None if message == sqlstate else message[:1].upper() + message[1:] + "."
        extra = json.loads(detail) if detail else {}
        retry_after = extra.pop("retry_after", None)
        return kind(sentence, hint=_sentence(hint), extra=extra, retry_after=retry_after)
    kind = BY_CONSTRAINT.get(constraint or "")
    return None if kind is None else kind()


def _sentence(hint: str | None) -> str | None:
    return None if hint is None else hint[:1].upper() + hint[1:] + "."
