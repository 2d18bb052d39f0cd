"""The only module that talks to Stripe, and what its answers mean for us.

Idempotency keys come from rows, so a repeat is the same request. Stripe replays the first answer
under a key for at least a day, its own 500s included; after that it is looked up, never blindly
sent again.

Source: Stripe API 2026-10-28.endive; docs.stripe.com, checkout sessions, refunds, idempotent
    requests.
"""

import functools
import re
from collections.abc import Mapping
from typing import Any

import stripe

from holdfast.platform.errors import Unavailable
from holdfast.platform.observability import count, logger
from holdfast.platform.settings import settings

API_VERSION = "2026-10-28.endive"

_TIMEOUT_SECONDS = 4
_RETRIES = 1
_KEY_WINDOW_SECONDS = 23 * 60 * 60  # Stripe keeps keys for a day; an hour for slow calls
_LOOK_UP_SECONDS = 2 * 60 * 60  # how long after its checkout a session may have been made
_SKEW_SECONDS = 60 * 60  # how far the database's clock may be ahead of Stripe's
_LOOK_UP_LIMIT = 2000
_ID = re.compile(r"[A-Za-z0-9_]{1,255}")  # of anything at Stripe
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_MOST_MONEY = 2**53  # minor units; no charge comes near it

Session = dict[str, Any]


class Refused(Exception):
    """Stripe refuses this for good; repeating it is useless.

    Attributes:
        parameter: the request parameter that Stripe objects to, or None.
    """

    def __init__(self, message: str, parameter: str | None) -> None:
        super().__init__(message)
        self.parameter = parameter


class Absent(Refused):
    """Stripe failed, and a look-up shows that nothing came of it: another attempt may succeed."""

    def __init__(self) -> None:
        super().__init__("absent", None)


@functools.cache
def client() -> stripe.StripeClient:
    """The client of this execution environment."""
    base = settings().stripe_api_base
    return stripe.StripeClient(
        settings().stripe_api_key,
        stripe_version=API_VERSION,
        base_addresses={"api": base} if base else {},
        max_network_retries=_RETRIES,
        http_client=stripe.RequestsClient(timeout=_TIMEOUT_SECONDS),
    )


def create_session(checkout: Mapping[str, Any]) -> Session:
    """Make a checkout's session, or get the one that was made before.

    Args:
        checkout: as `core.checkout_json` describes it.

    Raises:
        Refused: there is no session and, under this checkout, never will be. Absent: because Stripe
            failed; otherwise because of what was asked.
        Unavailable: no answer. A session may exist; the same call again finds it.
    """
    if checkout["age_seconds"] > _KEY_WINDOW_SECONDS:
        return _found_session(checkout)
    try:
        return _called(
            client().v1.checkout.sessions.create,
            params=checkout["parameters"],
            options={"idempotency_key": checkout["id"]},
        )
    except _Broken as error:
        try:
            return _found_session(checkout)
        except Absent:
            # Only a 500 that is replayed lasts as long as its key. After any other, a slow request
            # with the same key may still make the session.
            if not error.replayed:
                raise Unavailable() from error
            raise


def retrieve_session(session_id: str) -> Session:
    """The session with its payment intent.

    Raises:
        Refused: there is no such session.
        Unavailable: no answer.
    """
    return asked(
        client().v1.checkout.sessions.retrieve, session_id, params={"expand": ["payment_intent"]}
    )


def close_session(checkout: Mapping[str, Any]) -> tuple[str, Session | None]:
    """Make sure that a checkout can no longer be paid, and return how it ended.

    Returns:
        The outcome as `core.settle` knows them, "absent" when there never was a session, and the
        session.

    Raises:
        Refused: Stripe does not know the session: our keys are of another account.
        Unavailable: no answer; it may still be payable.
    """
    session_id = checkout["session_id"]
    if session_id is None:
        try:
            session_id = create_session(checkout)["id"]
        except Refused:
            return "absent", None
    try:
        session = _called(client().v1.checkout.sessions.expire, session_id)
    except (
        Refused,
        _Broken,
    ):  # no longer open: it was paid, is being paid, or expired by itself
        session = retrieve_session(session_id)
    if not readable(session):
        logger().error("a session lacks what we read", session=session_id)
        raise Unavailable()
    found = outcome(session)
    if found == "open":
        raise Unavailable()
    return found, session


def outcome(session: Mapping[str, Any], event_type: str | None = None) -> str:
    """What a session means: open, pending, paid, failed or expired.

    One that is complete but required no payment has brought no money: none of ours is free, so for
    us it failed.

    Args:
        session: from an event (payment_intent is an id) or retrieved (it is expanded).
        event_type: type of the event that brought it, or None.
    """
    if session["status"] in {"open", "expired"}:
        return str(session["status"])
    intent = session.get("payment_intent")
    if session["payment_status"] == "no_payment_required" and intent is None:
        return "failed"
    if session["payment_status"] in {"paid", "no_payment_required"}:
        return "paid"
    if event_type == "checkout.session.async_payment_failed" or (
        isinstance(intent, Mapping) and intent["status"] in {"requires_payment_method", "canceled"}
    ):
        return "failed"
    return "pending"


def readable(session: Mapping[str, Any]) -> bool:
    """Whether a session has what we read of it, in the form we read it; `outcome` and `summary`
    take no other. Its reference and metadata may have any form."""
    intent = session.get("payment_intent")
    named = intent.get("id") if isinstance(intent, Mapping) else intent
    if (
        not _is_id(session.get("id"))
        or session.get("status") not in ("open", "complete", "expired")
        or session.get("payment_status") not in ("paid", "unpaid", "no_payment_required")
        or not (named is None if intent is None else _is_id(named, "pi_"))
        or (isinstance(intent, Mapping) and not isinstance(intent.get("status"), str))
        or not (session.get("url") is None or _is_plain(session["url"]))
    ):
        return False
    if session["status"] != "complete" or outcome(session) != "paid":
        return True
    amount, currency = session.get("amount_total"), session.get("currency")
    return (
        named is not None
        and type(amount) is int  # true is an int too
        and 0 < amount <= _MOST_MONEY
        and isinstance(currency, str)
        and _CURRENCY.fullmatch(currency) is not None
    )


def refund_readable(refund_: Mapping[str, Any]) -> bool:
    """Whether a refund has what we read of it."""
    return _is_id(refund_.get("id")) and isinstance(refund_.get("status"), str)


def refund_status(refund: dict[str, Any]) -> str:
    """Our word for the state of a refund at Stripe: pending, succeeded or failed."""
    return {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}.get(
        refund["status"], "pending"
    )


def refund_failed(effect_id: str | None, stripe_refund_id: str) -> None:
    """Report that the bank refused a refund: a person must see that the money is refunded."""
    logger().error("refund failed", effect=effect_id, stripe_refund=stripe_refund_id)
    count("RefundFailed")


def metadata_of(thing: Mapping[str, Any], *names: str) -> dict[str, str]:
    """What we wrote into the metadata of an object at Stripe, without other entries."""
    metadata = thing.get("metadata")
    found = metadata if isinstance(metadata, Mapping) else {}
    return {name: found[name] for name in names if _is_plain(found.get(name))}


def _is_id(value: Any, prefix: str = "") -> bool:
    return isinstance(value, str) and value.startswith(prefix) and _ID.fullmatch(value) is not None


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


def summary(session: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The part of a session that the database needs; no customer data."""
    if session is None:
        return None
    intent = session.get("payment_intent")
    reference = session.get("client_reference_id")
    return {
        "id": session["id"],
        "url": session.get("url"),
        "client_reference_id": reference if _is_plain(reference) else None,
        "metadata": metadata_of(session, "tenant_id", "booking_id", "checkout_id"),
        "amount_total": session.get("amount_total"),
        "currency": session.get("currency"),
        "payment_intent": intent["id"] if isinstance(intent, Mapping) else intent,
    }


def refund(effect: Mapping[str, Any]) -> dict[str, Any]:
    """Refund a payment, once; or ask about the refund, if it is on its way.

    Args:
        effect: of kind refund_payment, as `core.lease_effect` describes it.

    Returns:
        The refund at Stripe.

    Raises:
        Refused: Stripe will not refund it; a person must look.
        Unavailable: no answer; the same call again finds out.
    """
    wanted = effect["refund"]
    if wanted["stripe_refund_id"] is not None:  # it was pending when we last asked
        return asked(client().v1.refunds.retrieve, wanted["stripe_refund_id"])
    if effect["age_seconds"] > _KEY_WINDOW_SECONDS:
        found = _found_refund(wanted)
        if found is not None:
            return found
    # A key under which Stripe recorded a 500 answers nothing else for a day. Once the look-up
    # shows that no refund came of it, the next key of a fixed row is used: a repeat walks the same
    # keys.
    metadata = {  # all of it from rows: a repeat sends the same bytes
        "refund_id": wanted["id"],
        "effect_id": effect["id"],
        "booking_id": wanted["booking_id"],
        "tenant_id": effect["tenant_id"],
        "reason": wanted["reason"],
    }
    if effect["request_id"] is not None:
        metadata["request_id"] = effect["request_id"]
    for attempt in range(4):
        try:
            return _called(
                client().v1.refunds.create,
                params={
                    "payment_intent": wanted["payment_intent_id"],
                    "amount": wanted["amount"],
                    "metadata": metadata,
                },
                options={"idempotency_key": effect["key"] + (f":{attempt}" if attempt else "")},
            )
        except Refused:
            found = _found_refund(wanted)
            if found is None:
                raise
            return found
        except _Broken as error:
            found = _found_refund(wanted)
            if found is not None:
                return found
            if not error.replayed:
                raise Unavailable() from error
    raise Unavailable()


def asked(method: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
    """One call of the SDK that changes nothing at Stripe.

    Raises:
        Refused: there is no such thing.
        Unavailable: no answer.
    """
    try:
        return _called(method, *arguments, **options)
    except _Broken as error:
        raise Unavailable() from error


def verify_event(payload: bytes, signature: str, *, now: float) -> None:
    """Check that Stripe signed these very bytes, and recently.

    Args:
        payload: the raw body.
        signature: the Stripe-Signature header.
        now: this function's clock, seconds since 1970: a signature's age is no business of
            bookings.

    Raises:
        ValueError: not signed by any of our secrets, or more than 300 s old or ahead.
    """
    stamps = [part[2:] for part in signature.split(",") if part.startswith("t=")]
    if len(stamps) != 1 or not stamps[0].isascii() or not stamps[0].isdecimal():
        raise ValueError("no timestamp")
    if abs(now - int(stamps[0])) > stripe.Webhook.DEFAULT_TOLERANCE:
        raise ValueError("the timestamp is out of tolerance")  # the SDK accepts the future
    for secret in settings().stripe_webhook_secrets:
        try:
            stripe.WebhookSignature.verify_header(
                payload.decode(), signature, secret, tolerance=None
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        return
    raise ValueError("no secret of ours signed this")


class _Broken(Exception):
    """Stripe answered 500, or 409 because a twin is running: it happened, or may yet, or not."""

    def __init__(self, *, replayed: bool) -> None:
        super().__init__("Stripe answered 500 or 409")
        self.replayed = replayed


def _called(method: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
    """One call of the SDK, its errors sorted by what they mean for us."""
    try:
        result: dict[str, Any] = method(*arguments, **options).to_dict()
    except stripe.StripeError as error:
        raise _meaning(error) from error
    return result


def _meaning(error: stripe.StripeError) -> Exception:
    """What a failed call means: Refused for good, Unavailable for now, or _Broken."""
    passing = (
        stripe.APIConnectionError,
        stripe.RateLimitError,
        # wrong keys are ours to fix, and then the same call succeeds
        stripe.AuthenticationError,
        stripe.PermissionError,
    )
    if isinstance(error, passing):
        logger().warning("stripe unavailable", error=type(error).__name__)
        return Unavailable()
    if isinstance(error, stripe.InvalidRequestError | stripe.CardError | stripe.IdempotencyError):
        logger().warning("stripe refused", code=error.code, stripe_request=error.request_id)
        return Refused(error.code or "refused", getattr(error, "param", None))
    logger().warning("stripe failed", http_status=error.http_status)
    return _Broken(replayed=(error.headers or {}).get("Idempotent-Replayed") == "true")


def _found_session(checkout: Mapping[str, Any]) -> Session:
    """Look a checkout's session up by its reference.

    Raises:
        Absent: there is none.
        Unavailable: no answer.
    """
    made_at = checkout["parameters"]["expires_at"] - 31 * 60
    pages = _listed(
        client().v1.checkout.sessions.list,
        {
            "created": {"gte": made_at - _SKEW_SECONDS, "lte": made_at + _LOOK_UP_SECONDS},
            "limit": 100,
        },
    )
    for session in pages:
        if session["client_reference_id"] == checkout["id"]:
            return session
    raise Absent()


def _found_refund(wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """Look a refund up by our row's id in its metadata."""
    pages = _listed(
        client().v1.refunds.list, {"payment_intent": wanted["payment_intent_id"], "limit": 100}
    )
    for found in pages:
        if (found.get("metadata") or {}).get("refund_id") == wanted["id"]:
            return found
    return None


def _listed(method: Any, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """All objects of a list, page by page, up to a limit that no account of ours reaches.

    Raises:
        Unavailable: no answer, or more objects than can be looked through.
    """
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while len(found) < _LOOK_UP_LIMIT:
        page = asked(method, params={**parameters, **after})
        found += page["data"]
        if not page["has_more"]:
            return found
        after = {"starting_after": page["data"][-1]["id"]}
    raise Unavailable()
