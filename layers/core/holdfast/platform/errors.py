"""Errors that people see. `database_errors` maps what the database says to them.

HoldfastError
├── Malformed                    400
│   ├── MalformedRequest         400  malformed_request
│   ├── IdempotencyKeyMissing    400  idempotency_key_missing
│   ├── IdempotencyKeyTooShort   400  idempotency_key_too_short
│   ├── SignatureInvalid         400  signature_invalid
│   └── EventMismatch            400  event_mismatch
├── Unauthenticated              401  unauthenticated           KHAUT
├── Forbidden                    403  forbidden                 KHDEN
├── NotFound                     404  not_found                 KHNTF
├── Conflict                     409
│   ├── SlotTaken                409  slot_taken                KHTKN
│   ├── TimeIsFree               409  time_is_free              KHFRE
│   ├── AlreadyWaiting           409  already_waiting
│   ├── IllegalState             409  illegal_state             KHSTA
│   ├── WindowOverlaps           409  window_overlaps           KHOVL
│   ├── InUse                    409  in_use                    KHUSE
│   ├── CustomerInUse            409  customer_in_use           KHCIU
│   ├── Archived                 409  archived                  KHARC
│   ├── AlreadyPaid              409  already_paid
│   └── RequestInProgress        409  request_in_progress
├── HoldExpired                  410  hold_expired              KHEXP
├── StaleVersion                 412  stale_version             KHVER
├── BodyTooLarge                 413  body_too_large
├── UnsupportedMediaType         415  unsupported_media_type
├── Invalid                      422
│   ├── InvalidRequest           422  invalid_request           KHTZN
│   ├── PriceNotAccepted         422  price_not_accepted
│   ├── PeriodInvalid            422  period_invalid            KHPER
│   ├── NotOffered               422  not_offered               KHOFF
│   ├── NotPriced                422  not_priced                KHPRC
│   ├── CartInvalid              422  cart_invalid              KHCRT
│   ├── IdempotencyKeyReused     422  idempotency_key_reused    KHKEY
│   ├── CheckoutRefused          422  checkout_refused
│   ├── AmountNotChargeable      422  amount_not_chargeable     KHAMT
│   └── ReturnAddressRefused     422  return_address_refused    KHRET
├── PreconditionRequired         428  precondition_required
├── LimitReached                 429
│   ├── TooManyHolds             429  too_many_holds            KHLIM
│   ├── TooManyPaymentPages      429  too_many_payment_pages    KHPGS
│   └── RateLimited              429  rate_limited
├── InternalError                500  internal_error            KHAPP
└── TryAgain                     503
    ├── CalendarStale            503  calendar_stale            KHCAL
    ├── CalendarUnreachable      503  calendar_unreachable      KHCAU
    └── Unavailable              503  unavailable
        └── TenantMoving         503  tenant_moving             KHMOV
"""

from collections.abc import Iterator, Mapping
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
    sqlstate: ClassVar[str | None] = None
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


class Malformed(HoldfastError):
    """The request, or the event, cannot be taken as it was sent."""

    status = HTTPStatus.BAD_REQUEST


class MalformedRequest(Malformed):
    """The body is not JSON, or not UTF-8."""

    code = "malformed_request"
    title = "The request could not be read"
    hint = "Send a JSON object as the body, encoded in UTF-8."


class IdempotencyKeyMissing(Malformed):
    """A POST came without a usable Idempotency-Key header."""

    code = "idempotency_key_missing"
    title = "The Idempotency-Key header is missing or malformed"
    hint = "Send a new UUID as Idempotency-Key, and the same one again when you repeat the request."


class IdempotencyKeyTooShort(Malformed):
    """A browser's Idempotency-Key could be guessed.

    A repeat is answered as the first request was, with its client_secret, and a publishable key is
    public. So where an answer contains a secret, the Idempotency-Key is worth as much as that.
    """

    code = "idempotency_key_too_short"
    title = "The Idempotency-Key is too short for a publishable key"
    hint = "Send a new random UUID as Idempotency-Key; guessing the key would reveal the answer."


class SignatureInvalid(Malformed):
    """A webhook delivery was not signed by Stripe, or too long ago, or for the future."""

    code = "signature_invalid"
    title = "The webhook signature is not valid"
    hint = "Check the endpoint's signing secret and the clocks on both sides."


class EventMismatch(Malformed):
    """A genuine event of another API version or mode: the endpoint is set up wrongly."""

    code = "event_mismatch"
    title = "The event has another API version or mode"
    hint = "Create the webhook endpoint with the pinned API version, in the right mode."


class Unauthenticated(HoldfastError):
    """No API key, or one that is unknown or revoked."""

    status, code = HTTPStatus.UNAUTHORIZED, "unauthenticated"
    sqlstate = "KHAUT"
    title = "A valid API key is required"
    hint = "Send your publishable or secret key as Authorization: Bearer."


class Forbidden(HoldfastError):
    """The key is genuine, but this needs a secret key."""

    status, code = HTTPStatus.FORBIDDEN, "forbidden"
    sqlstate = "KHDEN"
    title = "This key cannot be used for that"
    hint = "Call this from your server with a secret key."


class NotFound(HoldfastError):
    """It does not exist, or not for this caller; the two look alike on purpose."""

    status, code = HTTPStatus.NOT_FOUND, "not_found"
    sqlstate = "KHNTF"
    title = "Not found"
    hint = "Check the id; for a booking also send its client_secret as Booking-Secret."


class Conflict(HoldfastError):
    """The request conflicts with the present state."""

    status = HTTPStatus.CONFLICT


class SlotTaken(Conflict):
    """Another booking has the time. `alternatives` are free times nearby."""

    code = "slot_taken"
    sqlstate = "KHTKN"
    title = "The time is taken"
    hint = "Offer one of the alternatives."


class TimeIsFree(Conflict):
    """The time to wait for is free. `alternatives` are its free periods."""

    code = "time_is_free"
    sqlstate = "KHFRE"
    title = "The time is free"
    hint = "Hold it instead of waiting for it."


class AlreadyWaiting(Conflict):
    """To a secret key: this customer is on the waitlist for this time, or has been offered it."""

    code = "already_waiting"
    title = "The customer is already on the waitlist for this time"
    hint = "Fetch the existing waitlist entry instead."


class IllegalState(Conflict):
    """The booking is past the point where this can be done."""

    code = "illegal_state"
    sqlstate = "KHSTA"
    title = "The booking's state does not allow that"
    hint = "Fetch the booking to see its current status."


class WindowOverlaps(Conflict):
    """A weekly window or a date override overlaps `window`."""

    code = "window_overlaps"
    sqlstate = "KHOVL"
    title = "It overlaps an existing window"
    hint = "Change or remove that window, or choose other times."


class InUse(Conflict):
    """It cannot be removed, because bookings refer to it."""

    code = "in_use"
    sqlstate = "KHUSE"
    title = "It is used by bookings"
    hint = "Archive it instead of deleting it."


class CustomerInUse(Conflict):
    """A customer cannot be erased while they have bookings ahead, or a refund is under way."""

    code = "customer_in_use"
    sqlstate = "KHCIU"
    title = "The customer has upcoming bookings or payments in progress"
    hint = "Resolve the obstacles or wait for them to end, then try again."


class Archived(Conflict):
    """Archived items stay as they were."""

    code = "archived"
    sqlstate = "KHARC"
    title = "Archived items cannot be changed"
    hint = "Create a new one."


class AlreadyPaid(Conflict):
    """A hold was to be released, but it was paid first: the booking is confirmed."""

    code = "already_paid"
    title = "The booking has been paid"
    hint = "The booking is confirmed; cancel it if it is no longer wanted."


class RequestInProgress(Conflict):
    """The same request, with the same idempotency key, is in progress."""

    code = "request_in_progress"
    title = "The same request is still in progress"
    hint = "Repeat it with the same Idempotency-Key after the seconds in Retry-After."


class HoldExpired(HoldfastError):
    """The hold has expired, or was released."""

    status, code = HTTPStatus.GONE, "hold_expired"
    sqlstate = "KHEXP"
    title = "The hold has expired"
    hint = "Hold a time again."


class StaleVersion(HoldfastError):
    """The row has changed since the version in If-Match."""

    status, code = HTTPStatus.PRECONDITION_FAILED, "stale_version"
    sqlstate = "KHVER"
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


class Invalid(HoldfastError):
    """The request was read, and cannot be fulfilled as it is."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class InvalidRequest(Invalid):
    """Fields are missing, unknown or malformed; `errors` names each."""

    code = "invalid_request"
    sqlstate = "KHTZN"  # only for people who write SQL by hand
    title = "The request is not valid"
    hint = "See errors for the fields and what is wrong with them."


class PriceNotAccepted(Invalid):
    """The client sent a price. Prices come from the catalogue and from nowhere else."""

    code = "price_not_accepted"
    title = "Prices are not accepted in requests"
    hint = "Leave the price out: it comes from the catalogue and is in the answer."


class PeriodInvalid(Invalid):
    """The period asked for is empty, reversed, longer than 62 days, or has over 2,000 slots."""

    code = "period_invalid"
    sqlstate = "KHPER"
    title = "The period is not valid"
    hint = 'Give a "to" after "from", and at most 62 days at once.'


class NotOffered(Invalid):
    """The resource does not offer this time; `reason` is wrong_mode, by_request, past, notice,
    horizon, closed, off_grid, blackout, external_busy, daily_limit or customer_limit."""

    code = "not_offered"
    sqlstate = "KHOFF"
    title = "The resource does not offer this time"
    hint = "Choose a start from GET /v1/resources/{resource_id}/slots."


class NotPriced(Invalid):
    """The offering has no price for this tier and package."""

    code = "not_priced"
    sqlstate = "KHPRC"
    title = "This tier and package have no price"
    hint = "GET /v1/resources lists each offering's prices."


class CartInvalid(Invalid):
    """Periods that cannot be paid together; `reason` is too_many_periods, currencies_differ or
    total_too_large."""

    code = "cart_invalid"
    sqlstate = "KHCRT"
    title = "These periods cannot be held together"
    hint = "Hold at most 52 periods in one currency; split the request if necessary."


class IdempotencyKeyReused(Invalid):
    """The idempotency key was used before, for another request."""

    code = "idempotency_key_reused"
    sqlstate = "KHKEY"
    title = "The idempotency key was used for another request"
    hint = "Use a new key for each new request."


class CheckoutRefused(Invalid):
    """Stripe refuses to make this checkout."""

    code = "checkout_refused"
    title = "The payment provider refused this checkout"
    hint = (
        "Check success_url and cancel_url; if they are right, contact support with the request id."
    )


class AmountNotChargeable(Invalid):
    """The payment provider does not charge this amount in its currency: it is below the currency's
    `least_amount`, or no multiple of its `step`, both in minor units."""

    code = "amount_not_chargeable"
    sqlstate = "KHAMT"
    title = "This amount cannot be charged in its currency"
    hint = "Set a price of at least least_amount, in multiples of step."


class ReturnAddressRefused(Invalid):
    """Where the payment page was to lead is not over https or, for a publishable key, of no origin
    that the tenant has listed; `field` is success_url or cancel_url."""

    code = "return_address_refused"
    sqlstate = "KHRET"
    title = "This return address is not allowed"
    hint = "Use https and an origin on the tenant's list."


class PreconditionRequired(HoldfastError):
    """A change must say which version it is of, so that no change is lost."""

    status, code = HTTPStatus.PRECONDITION_REQUIRED, "precondition_required"
    title = "The If-Match header is missing"
    hint = "Send the ETag of the version you fetched as If-Match."


class LimitReached(HoldfastError):
    """A limit is reached; `retry_after`, if there is one, says when there is room."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class TooManyHolds(LimitReached):
    """As many unpaid periods, or waitlist entries, as the tenant allows; see limits.md. A secret
    key sees which `rule`. Without Retry-After, waiting alone does not help."""

    code = "too_many_holds"
    sqlstate = "KHLIM"
    title = "Too many unpaid holds"
    hint = "Pay for one, release one, request fewer, or wait for the seconds in Retry-After."


class TooManyPaymentPages(LimitReached):
    """As many payment pages were made for one hold or reschedule as the tenant allows: `limit`."""

    code = "too_many_payment_pages"
    sqlstate = "KHPGS"
    title = "Too many payment pages for this booking"
    hint = "Pay on the open payment page, or hold a time again."


class RateLimited(LimitReached):
    """More requests of a kind than one network address, e-mail address or key may send in some
    minutes; `policy` names the one that is used up."""

    code = "rate_limited"
    title = "Too many requests"
    hint = "Wait for the seconds in Retry-After; RateLimit-Policy says how many are allowed."


class InternalError(HoldfastError):
    """A fault of ours. The request id finds it in the logs."""

    status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error"
    sqlstate = "KHAPP"  # only for people who write SQL by hand
    title = "Something went wrong on our side"
    hint = "Repeat the request with the same Idempotency-Key; report the request id if it persists."


class TryAgain(HoldfastError):
    """Nothing was done, and the same request may succeed a little later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class CalendarStale(TryAgain):
    """A calendar of the resource has to be read before this can be decided. The caller reads it
    and asks again; clients see this only if the calendars of a resource change in between.
    """

    code = "calendar_stale"
    sqlstate = "KHCAL"
    title = "The resource's external calendar must be read first"
    hint = "Repeat the request with the same Idempotency-Key after the seconds in Retry-After."


class CalendarUnreachable(TryAgain):
    """A calendar of the resource cannot be read in time, and its policy is to refuse holds."""

    code = "calendar_unreachable"
    sqlstate = "KHCAU"
    title = "The resource's external calendar cannot be read at the moment"
    hint = "Repeat the request with the same Idempotency-Key after the seconds in Retry-After."


class Unavailable(TryAgain):
    """The database, DynamoDB or Stripe cannot be reached, or is too busy. Nothing is half done."""

    code = "unavailable"
    title = "Temporarily unavailable"
    hint = "Repeat the request with the same Idempotency-Key after the seconds in Retry-After."

    def __init__(self, detail: str | None = None, *, retry_after: int = 2) -> None:
        super().__init__(detail, retry_after=retry_after)


class TenantMoving(Unavailable):
    """The tenant is being moved to another database, or lives there already. Nothing was done; the
    move stops a tenant for a second or so.
    """

    code = "tenant_moving"
    sqlstate = "KHMOV"
    title = "The tenant is being moved to another database"

    def __init__(
        self,
        detail: str | None = None,
        *,
        hint: str | None = None,
        extra: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        HoldfastError.__init__(
            self,
            detail,
            hint=hint,
            extra=extra,
            retry_after=2 if retry_after is None else retry_after,
        )


def _leaves(kind: type[HoldfastError]) -> Iterator[type[HoldfastError]]:
    """The errors at the ends of the tree, in the order in which it is written."""
    if "code" in vars(kind):
        yield kind
    for below in kind.__subclasses__():
        yield from _leaves(below)


CATALOGUE: tuple[type[HoldfastError], ...] = tuple(_leaves(HoldfastError))
