"""What a client sends and gets when a booking is paid."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from holdfast.bookings.models import Booking
from holdfast.platform.fields import WebAddress
from holdfast.platform.models import Answer, Request


class CheckoutRequest(Request):
    """Where the customer's browser goes after the payment page."""

    success_url: WebAddress = Field(examples=["https://studio.example/thanks"])
    cancel_url: WebAddress = Field(examples=["https://studio.example/book"])


class Checkout(Answer):
    """Where to send the customer to pay, and until when that works."""

    checkout_url: str
    expires_at: datetime
    booking: Booking


class Confirmation(Answer):
    """The state of a booking. `reason` says why money was refunded."""

    status: Literal[
        "held",
        "processing",
        "requested",
        "confirmed",
        "refunding",
        "refunded",
        "expired",
        "cancelled",
        "declined",
        "ended",
        "completed",
    ]
    reason: (
        Literal["time_lost", "released", "amount_mismatch", "duplicate_payment", "customer_limit"]
        | None
    )
    booking: Booking
