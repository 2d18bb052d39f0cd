"""What a customer does on the hosted page, and what a bank does days later."""

from dataclasses import dataclass

from dev.stripe_double import events, payments
from dev.stripe_double.cards import DECLINED, VISA, Card, Decline, card_of
from dev.stripe_double.context import Context
from dev.stripe_double.messages import ApiError
from dev.stripe_double.session_params import DELAYED_METHODS
from dev.stripe_double.sessions import KIND, customer_details
from dev.stripe_double.storage import Document

ACTIONS = ("pay", "decline", "delayed", "abandon", "succeed", "fail")
GUEST_EMAIL = "guest@example.com"


@dataclass(frozen=True)
class Outcome:
    """The result of an action: where the customer goes next (None: nowhere), or why not."""

    session_id: str
    redirect: str | None = None
    decline: Decline | None = None


class NotOpen(Exception):
    """The session can no longer be acted on, or not in this way."""


def act(
    ctx: Context,
    session_id: str,
    action: str,
    card_number: str | None = None,
    email: str | None = None,
) -> Outcome:
    """Do one of ACTIONS on a session.

    pay, decline      with the card given (by default one that works, or one that does not)
    delayed           with a bank debit, whose result comes by `succeed` or `fail`
    abandon           leave for cancel_url; the session stays open
    Raises NotOpen when the session is in no state for it, ApiError for an unknown session or
    action.
    """
    session = ctx.fetch(KIND, session_id)
    if action not in ACTIONS:
        raise ApiError(f"Unknown action: {action}", param="action")
    if action in ("succeed", "fail"):
        settle(ctx, session_id, succeeded=action == "succeed")
        return Outcome(session_id, redirect=f"{ctx.public_url}/pay/{session_id}")
    if session.body["status"] != "open":
        raise NotOpen(f"This checkout session is {session.body['status']}.")
    if action == "abandon":
        return Outcome(session_id, redirect=session.body["cancel_url"])
    card = card_of(card_number or VISA)
    if action == "decline" and card.decline is None:
        card = card_of(DECLINED)
    method: Card | str = card
    if action == "delayed":
        method = delayed_method(session) or ""
        if not method:
            accepted = ", ".join(session.body["payment_method_types"])
            raise NotOpen(f"This checkout session accepts only: {accepted}.")
    elif "card" not in session.body["payment_method_types"]:
        raise NotOpen("This checkout session does not accept cards.")
    return _try_to_pay(ctx, session, method, email or session.body["customer_email"])


def delayed_method(session: Document) -> str | None:
    """The delayed method that the session accepts, or None."""
    accepted = session.body["payment_method_types"]
    known = set(DELAYED_METHODS.values())
    return next((name for name in accepted if name in known), None)


def settle(ctx: Context, session_id: str, *, succeeded: bool) -> Document:
    """Let a delayed payment succeed or fail. Raises NotOpen if none is pending."""
    session = ctx.fetch(KIND, session_id)
    intent = ctx.storage.get("payment_intent", session.body["payment_intent"] or "")
    if intent is None or intent.body["status"] != "processing":
        raise NotOpen("This checkout session has no payment under way.")
    payments.settle(ctx, intent, succeeded=succeeded)
    if succeeded:
        session.body["payment_status"] = "paid"
        ctx.storage.save(session)
    outcome = "succeeded" if succeeded else "failed"
    events.emit(ctx, f"checkout.session.async_payment_{outcome}", session)
    return session


def _try_to_pay(ctx: Context, session: Document, method: Card | str, email: str | None) -> Outcome:
    body = session.body
    address = email or GUEST_EMAIL
    if body["amount_total"] > 0:
        if body["payment_intent"] is None:
            intent = payments.create_intent(ctx, session)
            body["payment_intent"] = intent.id
            ctx.storage.save(session)
        else:
            intent = ctx.reference("payment_intent", body, "payment_intent")
        decline = payments.attempt(ctx, intent, method, address)
        if decline is not None:
            return Outcome(session.id, decline=decline)
        if intent.body["status"] == "succeeded":
            body["payment_status"] = "paid"
    body.update(status="complete", url=None, customer_details=customer_details(address))
    session.due_at = None
    ctx.storage.save(session)
    events.emit(ctx, "checkout.session.completed", session)
    return Outcome(session.id, redirect=_success_url(body["success_url"], session.id))


def _success_url(template: str, session_id: str) -> str:
    """Source: https://docs.stripe.com/payments/checkout/custom-success-page."""
    return template.replace("{CHECKOUT_SESSION_ID}", session_id)
