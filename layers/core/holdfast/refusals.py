"""What a refusal of the database means: SQLSTATEs and constraints, each with its error."""

import json
from collections.abc import Mapping

from holdfast.errors import (
    Forbidden,
    HoldExpired,
    HoldfastError,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    IllegalState,
    InternalError,
    InvalidRequest,
    NotFound,
    NotOffered,
    NotPriced,
    PeriodInvalid,
    SlotTaken,
    StaleVersion,
    Unauthenticated,
    Unavailable,
)

# SQLSTATEs that our functions raise. KHAPP and KHTZN are met only by people who write SQL by hand.
BY_SQLSTATE: Mapping[str, type[HoldfastError]] = {
    "KHAPP": InternalError,
    "KHAUT": Unauthenticated,
    "KHDEN": Forbidden,
    "KHEXP": HoldExpired,
    "KHKEY": IdempotencyKeyReused,
    "KHNTF": NotFound,
    "KHOFF": NotOffered,
    "KHPER": PeriodInvalid,
    "KHPRC": NotPriced,
    "KHSTA": IllegalState,
    "KHTKN": SlotTaken,
    "KHTZN": InvalidRequest,
    "KHVER": StaleVersion,
}

# Constraints that a request can reach although the models should have stopped it.
BY_CONSTRAINT: Mapping[str, type[HoldfastError]] = {
    "bookings_customer_name_present": InvalidRequest,
    "bookings_notes_short": InvalidRequest,
    "customers_email_normalised": InvalidRequest,
    "customers_name_present": InvalidRequest,
    "customers_phone_is_e164": InvalidRequest,
    "idempotency_keys_key_sane": IdempotencyKeyMissing,
    "occupancies_no_overlap": SlotTaken,
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
        sentence = message[:1].upper() + message[1:] + "."
        return kind(sentence, hint=_sentence(hint), extra=json.loads(detail) if detail else None)
    kind = BY_CONSTRAINT.get(constraint or "")
    return None if kind is None else kind()


def _sentence(hint: str | None) -> str | None:
    return None if hint is None else hint[:1].upper() + hint[1:] + "."
