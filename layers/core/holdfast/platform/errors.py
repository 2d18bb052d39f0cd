"""Errors that people see. `database_errors` maps what the database says to them.

HoldfastError
├── MalformedRequest        400  malformed_request
├── IdempotencyKeyMissing   400  idempotency_key_missing
├── IdempotencyKeyTooShort  400  idempotency_key_too_short
├── SignatureInvalid        400  signature_invalid
├── EventMismatch           400  event_mismatch
├── Unauthenticated         401  unauthenticated
├── Forbidden               403  forbidden
├── NotFound                404  not_found
├── SlotTaken               409  slot_taken
├── TimeIsFree              409  time_is_free
├── AlreadyWaiting          409  already_waiting
├── IllegalState            409  illegal_state
├── WindowOverlaps          409  window_overlaps
├── InUse                   409  in_use
├── CustomerInUse           409  customer_in_use
├── Archived                409  archived
├── AlreadyPaid             409  already_paid
├── RequestInProgress       409  request_in_progress
├── HoldExpired             410  hold_expired
├── StaleVersion            412  stale_version
├── BodyTooLarge            413  body_too_large
├── UnsupportedMediaType    415  unsupported_media_type
├── InvalidRequest          422  invalid_request
├── PriceNotAccepted        422  price_not_accepted
├── PeriodInvalid           422  period_invalid
├── NotOffered              422  not_offered
├── NotPriced               422  not_priced
├── CartInvalid             422  cart_invalid
├── IdempotencyKeyReused    422  idempotency_key_reused
├── CheckoutRefused         422  checkout_refused
├── AmountNotChargeable     422  amount_not_chargeable
├── ReturnAddressRefused    422  return_address_refused
├── PreconditionRequired    428  precondition_required
├── TooManyHolds            429  too_many_holds
├── TooManyPaymentPages     429  too_many_payment_pages
├── RateLimited             429  rate_limited
├── InternalError           500  internal_error
├── CalendarStale           503  calendar_stale
├── CalendarUnreachable     503  calendar_unreachable
└── Unavailable             503  unavailable
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar


class HoldfastError(Exception):
    """A refusal with a stable code. Its text is for people and holds no internals.

    Attributes:
        detail: what happened, one sentence.
        hint: what to do about it.
        extra: further members of the problem document, `{"alternatives": […]}`.
        retry_after: seconds after which trying again makes sense, or None.
    """

    status: ClassVar[HTTPStatus]
    code: ClassVar[str]
    title: ClassVar[str]
    hint: str = ""

    def __init__(
        self,
        detail: str | None = None,
        *,
        hint: str | None = None,
        extra: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        if hint is not None:
            self.hint = hint
        self.extra = dict(extra or {})
        self.retry_after = retry_after

    def problem(self, request_id: str) -> dict[str, Any]:
        """The RFC 9457 document."""
        return {
            "type": f"urn:holdfast:error:{self.code}",
            "title": self.title,
            "status": int(self.status),
            "code": self.code,
            "detail": self.detail,
            "hint": self.hint,
            "request_id": request_id,
            **self.extra,
        }


class MalformedRequest(HoldfastError):
    """The body is not JSON, or not UTF-8."""

    status, code = HTTPStatus.BAD_REQUEST, "malformed_request"
    title = "The request could not be read"
    hint = "Send a JSON object as the body, encoded in UTF-8."


class IdempotencyKeyMissing(HoldfastError):
    """A POST came without a usable Idempotency-Key header."""

    status, code = HTTPStatus.BAD_REQUEST, "idempotency_key_missing"
    title = "The Idempotency-Key header is missing or malformed"
    hint = "Send a new UUID as Idempotency-Key, and the same one again when you repeat the request."


class IdempotencyKeyTooShort(HoldfastError):
    """A browser's Idempotency-Key could be guessed.

    A repeat is answered as the first request was, with its client_secret, and a publishable key is
    everybody's. So where an answer carries a secret, the Idempotency-Key is worth as much as that.
    """

    status, code = HTTPStatus.BAD_REQUEST, "idempotency_key_too_short"
    title = "The Idempotency-Key is too short for a publishable key"
    hint = "Send a new random UUID as Idempotency-Key; guessing the key would reveal the answer."


class SignatureInvalid(HoldfastError):
    """A webhook delivery was not signed by Stripe, or too long ago, or for the future."""

    status, code = HTTPStatus.BAD_REQUEST, "signature_invalid"
    title = "The webhook signature is not valid"
    hint = "Check the endpoint's signing secret and the clocks on both sides."


class EventMismatch(HoldfastError):
    """A genuine event of another API version or mode: the endpoint is set up wrongly."""

    status, code = HTTPStatus.BAD_REQUEST, "event_mismatch"
    title = "The event has another API version or mode"
    hint = "Create the webhook endpoint with the pinned API version, in the right mode."


class Unauthenticated(HoldfastError):
    """No API key, or one that is unknown or revoked."""

    status, code = HTTPStatus.UNAUTHORIZED, "unauthenticated"
    title = "A valid API key is required"
    hint = "Send your publishable or secret key as Authorization: Bearer."


class Forbidden(HoldfastError):
    """The key is genuine, but this needs a secret key."""

    status, code = HTTPStatus.FORBIDDEN, "forbidden"
    title = "This key cannot be used for that"
    hint = "Call this from your server with a secret key."


class NotFound(HoldfastError):
    """It does not exist, or not for this caller; the two look alike on purpose."""

    status, code = HTTPStatus.NOT_FOUND, "not_found"
    title = "Not found"
    hint = "Check the id; for a booking also send its client_secret as Booking-Secret."


class SlotTaken(HoldfastError):
    """Another booking has the time. `alternatives` are free times nearby."""

    status, code = HTTPStatus.CONFLICT, "slot_taken"
    title = "The time is taken"
    hint = "Offer one of the alternatives."


class TimeIsFree(HoldfastError):
    """The time to wait for is free. `alternatives` are its free periods."""

    status, code = HTTPStatus.CONFLICT, "time_is_free"
    title = "The time is free"
    hint = "Hold it instead of waiting for it."


class AlreadyWaiting(HoldfastError):
    """To a secret key: this customer waits for this time already, or has been offered it."""

    status, code = HTTPStatus.CONFLICT, "already_waiting"
    title = "The customer is already on the waitlist for this time"
    hint = "Fetch the existing waitlist entry instead."


class IllegalState(HoldfastError):
    """The booking is past the point where this can be done."""

    status, code = HTTPStatus.CONFLICT, "illegal_state"
    title = "The booking's state does not allow that"
    hint = "Fetch the booking to see its current status."


class WindowOverlaps(HoldfastError):
    """A weekly window or a date override has time in common with `window`."""

    status, code = HTTPStatus.CONFLICT, "window_overlaps"
    title = "It overlaps an existing window"
    hint = "Change or remove that window, or choose other times."


class InUse(HoldfastError):
    """It cannot be taken away, because bookings refer to it."""

    status, code = HTTPStatus.CONFLICT, "in_use"
    title = "It is used by bookings"
    hint = "Archive it instead of deleting it."


class CustomerInUse(HoldfastError):
    """A person cannot be erased while they have bookings ahead, or money is on its way."""

    status, code = HTTPStatus.CONFLICT, "customer_in_use"
    title = "The customer has upcoming bookings or payments in progress"
    hint = "Resolve the obstacles or wait for them to end, then try again."


class Archived(HoldfastError):
    """What is archived is kept as it was."""

    status, code = HTTPStatus.CONFLICT, "archived"
    title = "Archived items cannot be changed"
    hint = "Create a new one."


class AlreadyPaid(HoldfastError):
    """A hold was to be released, but its payment was quicker: the booking is confirmed."""

    status, code = HTTPStatus.CONFLICT, "already_paid"
    title = "The booking has been paid"
    hint = "The booking is confirmed; cancel it if it is no longer wanted."


class RequestInProgress(HoldfastError):
    """The same request, with the same idempotency key, is being worked on at this moment."""

    status, code = HTTPStatus.CONFLICT, "request_in_progress"
    title = "The same request is still in progress"
    hint = "Repeat it with the same Idempotency-Key after the seconds in Retry-After."


class HoldExpired(HoldfastError):
    """The hold has expired, or was released."""

    status, code = HTTPStatus.GONE, "hold_expired"
    title = "The hold has expired"
    hint = "Hold a time again."


class StaleVersion(HoldfastError):
    """The row has changed since the version in If-Match."""

    status, code = HTTPStatus.PRECONDITION_FAILED, "stale_version"
    title = "It has changed since you fetched it"
    hint = "Fetch the current version and try again."


class BodyTooLarge(HoldfastError):
    """The body is larger than any request needs."""

    status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large"
    title = "The body is too large"
    hint = "Send at most 64 KiB."


class UnsupportedMediaType(HoldfastError):
    """The body is not declared as JSON."""

    status, code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"
    title = "The body must be JSON"
    hint = "Send Content-Type: application/json."


class InvalidRequest(HoldfastError):
    """Fields are missing, unknown or malformed; `errors` names each."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request"
    title = "The request is not valid"
    hint = "See errors for the fields and what is wrong with them."


class PriceNotAccepted(HoldfastError):
    """The client sent a price. Prices come from the catalogue and from nowhere else."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "price_not_accepted"
    title = "Prices are not accepted in requests"
    hint = "Leave the price out: it comes from the catalogue and is in the answer."


class PeriodInvalid(HoldfastError):
    """The period asked for is empty, reversed, longer than 62 days, or has over 2,000 slots."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "period_invalid"
    title = "The period is not valid"
    hint = 'Give a "to" after "from", and at most 62 days at once.'


class NotOffered(HoldfastError):
    """The resource does not offer this time; `reason` is wrong_mode, by_request, past, notice,
    horizon, closed, off_grid, blackout, external_busy, daily_limit or customer_limit."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "not_offered"
    title = "The resource does not offer this time"
    hint = "Choose a start from GET /v1/resources/{resource_id}/slots."


class NotPriced(HoldfastError):
    """The offering has no price for this tier and package."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "not_priced"
    title = "This tier and package have no price"
    hint = "GET /v1/resources lists each offering's prices."


class CartInvalid(HoldfastError):
    """Periods that cannot be paid together; `reason` is too_many_periods, currencies_differ or
    total_too_large."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "cart_invalid"
    title = "These periods cannot be held together"
    hint = "Hold at most 52 periods in one currency; split the request if necessary."


class IdempotencyKeyReused(HoldfastError):
    """The idempotency key was used before, for another request."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused"
    title = "The idempotency key was used for another request"
    hint = "Use a new key for each new request."


class CheckoutRefused(HoldfastError):
    """Stripe refuses to make this checkout."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "checkout_refused"
    title = "The payment provider refused this checkout"
    hint = (
        "Check success_url and cancel_url; if they are right, contact support with the request id."
    )


class AmountNotChargeable(HoldfastError):
    """The payment provider does not charge this amount in its currency: it is below the currency's
    `least_amount`, or no multiple of its `step`, both in minor units."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "amount_not_chargeable"
    title = "This amount cannot be charged in its currency"
    hint = "Set a price of at least least_amount, in multiples of step."


class ReturnAddressRefused(HoldfastError):
    """Where the payment page was to lead is not over https or, for a publishable key, of no origin
    that the tenant has listed; `field` is success_url or cancel_url."""

    status, code = HTTPStatus.UNPROCESSABLE_ENTITY, "return_address_refused"
    title = "This return address is not allowed"
    hint = "Use https and an origin on the tenant's list."


class PreconditionRequired(HoldfastError):
    """A change has to say which version it is of, so that no change is lost."""

    status, code = HTTPStatus.PRECONDITION_REQUIRED, "precondition_required"
    title = "The If-Match header is missing"
    hint = "Send the ETag of the version you fetched as If-Match."


class TooManyHolds(HoldfastError):
    """As many unpaid periods, or waitlist entries, as the tenant allows; see limits.md. A secret
    key sees which `rule`. Without Retry-After, waiting alone does not help."""

    status, code = HTTPStatus.TOO_MANY_REQUESTS, "too_many_holds"
    title = "Too many unpaid holds"
    hint = "Pay for one, release one, request fewer, or wait for the seconds in Retry-After."


class TooManyPaymentPages(HoldfastError):
    """As many payment pages were made for one hold or change as the tenant allows: `limit`."""

    status, code = HTTPStatus.TOO_MANY_REQUESTS, "too_many_payment_pages"
    title = "Too many payment pages for this booking"
    hint = "Pay on the open payment page, or hold a time again."


class RateLimited(HoldfastError):
    """More requests of a kind than one network address, e-mail address or key may send in some
    minutes; `policy` names the one that is used up."""

    status, code = HTTPStatus.TOO_MANY_REQUESTS, "rate_limited"
    title = "Too many requests"
    hint = "Wait for the seconds in Retry-After; RateLimit-Policy says how many are allowed."


class InternalError(HoldfastError):
    """A fault of ours. The request id finds it in the logs."""

    status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error"
    title = "Something went wrong on our side"
    hint = "Repeat the request with the same Idempotency-Key; report the request id if it persists."


class CalendarStale(HoldfastError):
    """A calendar of the resource has to be read before this can be decided. The caller reads it
    and asks again; clients see this only if the calendars of a resource change in between.
    """

    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "calendar_stale"
    title = "The resource's external calendar must be read first"
    hint = "Repeat the request with the same Idempotency-Key after the seconds in Retry-After."


class CalendarUnreachable(HoldfastError):
    """A calendar of the resource cannot be read in time, and its policy is to refuse then."""

    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "calendar_unreachable"
    title = "The resource's external calendar cannot be read at the moment"
    hint = "Repeat the request with the same Idempotency-Key after the seconds in Retry-After."


class Unavailable(HoldfastError):
    """The database, DynamoDB or Stripe cannot be reached, or is too busy. Nothing is half done."""

    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"
    title = "Temporarily unavailable"
    hint = "Repeat the request with the same Idempotency-Key after the seconds in Retry-After."

    def __init__(self, detail: str | None = None, *, retry_after: int = 2) -> None:
        super().__init__(detail, retry_after=retry_after)


CATALOGUE: tuple[type[HoldfastError], ...] = tuple(HoldfastError.__subclasses__())
