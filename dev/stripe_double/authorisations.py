"""How long a card stays authorised before its money is captured, and how that ends unused.

https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dev.stripe_double.context import Context
from dev.stripe_double.messages import ApiError, Json

STANDARD = 7 * 86_400  # seconds; what Visa, Mastercard, Amex and Discover give to Checkout
# Since API version 2025-03-31 an intent whose authorisation expires says `expired`; it used to say
# `automatic`, which the SDK still lists (https://docs.stripe.com/changelog/basil/2025-03-31/\
# remove-refund-from-partial-capture-and-payment-cancellation-flow).
REASONS = ("expired", "automatic")
# Two codes for one fact. The first is a 400 (https://github.com/stripe/stripe-python/pull/330);
# nothing public shows an answer with the second, so here it comes as errors about cards do.
CODES = {
    "charge_expired_for_capture": (400, "invalid_request_error"),
    "capture_charge_authorization_expired": (402, "card_error"),
}


@dataclass(frozen=True)
class Terms:
    """How authorisations go.

    seconds   how long they last
    lag       how many seconds later the intent is cancelled; until then it says
              `requires_capture`, and capturing is refused with `code`
    reason    the intent's `cancellation_reason`
    `seconds` and `lag` are for those made from now on, the others for all that end from now on.
    """

    seconds: int = STANDARD
    lag: int = 0
    reason: str = REASONS[0]
    code: str = next(iter(CODES))


@dataclass(frozen=True)
class Window:
    """When one authorisation must be captured, and when its intent is cancelled if it is not."""

    capture_before: int
    ends_at: int
    extended: bool


def terms(ctx: Context) -> Terms:
    """The terms in force."""
    return Terms(**json.loads(ctx.storage.setting("authorisations") or "{}"))


def set_terms(ctx: Context, changes: Mapping[str, Any]) -> Terms:
    """Put terms in force; what is not named is as Stripe has it. Raises ApiError (400)."""
    for name, value in changes.items():
        if name not in Terms.__dataclass_fields__:
            raise ApiError(f"Unknown option: {name}", param=name)
        if name in ("seconds", "lag"):
            good = type(value) is int and value >= (name == "seconds")
        else:
            good = value in (REASONS if name == "reason" else CODES)
        if not good:
            raise ApiError(f"Not a value for {name}: {value!r}", param=name)
    chosen = Terms(**changes)
    ctx.storage.remember("authorisations", json.dumps(asdict(chosen)))
    return chosen


def window(ctx: Context, intent: Json) -> Window | None:
    """The window of an authorisation made now, or None if the intent is captured at once."""
    if intent["capture_method"] != "manual":
        return None
    current = terms(ctx)
    options = intent["payment_method_options"].get("card") or {}
    asked = options.get("request_extended_authorization") == "if_available"
    capture_before = ctx.timestamp + current.seconds
    return Window(
        capture_before, capture_before + current.lag, asked and current.seconds > STANDARD
    )
