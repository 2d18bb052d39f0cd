"""Stripe's test cards: https://docs.stripe.com/testing."""

import re
from dataclasses import dataclass

VISA = "4242424242424242"
DECLINED = "4000000000000002"


@dataclass(frozen=True)
class Decline:
    """Why a card is refused: Stripe's error code, the issuer's reason, and the text for people."""

    code: str
    decline_code: str
    message: str


@dataclass(frozen=True)
class Card:
    """What a number does.

    refunds             how its refunds begin
    refunds_fail_after  seconds after which they fail, or None
    """

    number: str
    brand: str = "visa"
    decline: Decline | None = None
    refunds: str = "succeeded"
    refunds_fail_after: int | None = None

    @property
    def last4(self) -> str:
        return self.number[-4:]


_INCORRECT = Decline("incorrect_number", "incorrect_number", "Your card number is incorrect.")

_CARDS = (
    Card(VISA),
    Card("4000056655665556"),
    Card("5555555555554444", "mastercard"),
    Card("378282246310005", "amex"),
    Card("4000000000000077"),
    # A refund of this one begins as pending; a refund of the next begins as succeeded, then fails.
    Card("4000000000007726", refunds="pending"),
    Card("4000000000005126", refunds_fail_after=60),
    Card(DECLINED, decline=Decline("card_declined", "generic_decline", "Your card was declined.")),
    Card(
        "4000000000009995",
        decline=Decline("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    ),
    Card(
        "4000000000009987",
        decline=Decline("card_declined", "lost_card", "Your card was declined."),
    ),
    Card(
        "4000000000000069",
        decline=Decline("expired_card", "expired_card", "Your card has expired."),
    ),
    Card(
        "4000000000000127",
        decline=Decline(
            "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."
        ),
    ),
    Card(
        "4000000000000119",
        decline=Decline(
            "processing_error",
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        ),
    ),
)
_BY_NUMBER = {card.number: card for card in _CARDS}


def card_of(text: str) -> Card:
    """The test card with this number, spaces and dashes aside; any other number is refused."""
    number = re.sub(r"[\s-]", "", text)
    digits = number if re.fullmatch(r"\d{12,19}", number, re.ASCII) else "0000"
    return _BY_NUMBER.get(digits) or Card(digits, "unknown", _INCORRECT)
