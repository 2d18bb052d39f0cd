"""The hosted pay page: what the customer sees and submits. No scripts, nothing from elsewhere."""

import base64
import hashlib
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from dev.stripe_double import paying, sessions
from dev.stripe_double.context import Context
from dev.stripe_double.currencies import formatted
from dev.stripe_double.double import Double
from dev.stripe_double.messages import ApiError, Json, Request, Response
from dev.stripe_double.paying import NotOpen
from dev.stripe_double.storage import Document

STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

# What the page offers to try; any other number that `cards` knows works as well.
TEST_CARDS = (
    ("4242 4242 4242 4242", "pays"),
    ("4000 0000 0000 0002", "is declined"),
    ("4000 0000 0000 9995", "has insufficient funds"),
    ("4000 0000 0000 0069", "has expired"),
)
AUTHORISED_ONLY = "The card is only authorised: nothing is charged until the shop captures it."
_AMOUNTS = ("amount", "amount_received")


def answer(double: Double, request: Request) -> Response:
    """GET shows the page, POST acts: `action` is one of `paying.ACTIONS`.

    Answers 303 to where the customer goes next, 402 for a declined card, 409 for a session that
    can no longer be acted on, 404 for one that does not exist.
    """
    session_id = request.route.removeprefix("/pay/")
    try:
        if request.method == "POST":
            return _act(double, request, session_id)
        if request.method in ("GET", "HEAD"):
            with double.operation() as ctx:
                return _page(200, ctx, ctx.fetch(sessions.KIND, session_id))
        return _plain(405, "Method not allowed")
    except ApiError as error:
        return _plain(error.status, error.message)


def _act(double: Double, request: Request, session_id: str) -> Response:
    fields = parse_qs(request.body.decode(errors="replace"))
    action, card, email = (fields.get(name, [""])[0] for name in ("action", "card_number", "email"))
    try:
        outcome = double.act(session_id, action, card.strip() or None, email.strip() or None)
    except NotOpen as refusal:
        with double.operation() as ctx:
            session = ctx.fetch(sessions.KIND, session_id)
            return _page(409, ctx, session, problem=str(refusal))
    with double.operation() as ctx:
        session = ctx.fetch(sessions.KIND, session_id)
        if outcome.decline is not None:
            return _page(402, ctx, session, problem=outcome.decline.message, card=card)
        if outcome.redirect is None:
            return _page(200, ctx, session, problem="There is no page to go back to.")
    # Headers are ASCII; what the shop wrote otherwise is percent-encoded, the rest left alone.
    location = quote(outcome.redirect, safe="%/:?#[]@!$&'()*+,;=~-._{}")
    headers = {"Location": location, **_headers(session.body)}
    return Response(303, headers, b"")


def _page(
    status: int, ctx: Context, session: Document, *, problem: str = "", card: str = ""
) -> Response:
    body = session.body
    notice = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    content = (
        f'<section class="summary">{_leave(session)}{_summary(session)}</section>'
        f'<section class="card">{notice}{_choices(ctx, session, card)}</section>'
    )
    return Response(status, _headers(body), _document("Checkout", content))


def _summary(session: Document) -> str:
    currency = session.body["currency"]
    rows = []
    for item in session.private["line_items"]:
        each = ""
        if item["quantity"] > 1:
            unit = formatted(item["price"]["unit_amount"], currency)
            each = f"<br><small>{item['quantity']} &times; {escape(unit)}</small>"
        amount = escape(formatted(item["amount_total"], currency))
        rows.append(f"<tr><td>{escape(item['description'])}{each}</td><td>{amount}</td></tr>")
    total = escape(formatted(session.body["amount_total"], currency))
    return (
        f'<h1>Pay</h1><p class="total">{total}</p><table><tbody>{"".join(rows)}</tbody>'
        f"<tfoot><tr><td>Total</td><td>{total}</td></tr></tfoot></table>"
    )


def _leave(session: Document) -> str:
    """The way back to the shop, without paying."""
    if session.body["status"] != "open" or not session.body["cancel_url"]:
        return ""
    host = urlsplit(session.body["cancel_url"]).netloc
    label = f"\u2190 Back to {host}"
    return _form(
        session.id,
        f'<button class="link" name="action" value="abandon">{escape(label)}</button>',
    )


def _choices(ctx: Context, session: Document, card: str) -> str:
    """What the customer can do now, as forms; and, in its final states, how it ended."""
    body = session.body
    if body["status"] == "open":
        return _open_form(session, card)
    if body["status"] == "expired":
        back = _link(body["cancel_url"], "Go back")
        return f"<h2>This checkout session has expired</h2><p>Nothing was charged.</p>{back}"
    intent = ctx.storage.get("payment_intent", body["payment_intent"] or "")
    onward = _link(body["success_url"].replace("{CHECKOUT_SESSION_ID}", session.id), "Continue")
    state = "requires_payment_method" if intent is None else intent.body["status"]
    if state == "processing":
        return (
            "<h2>The payment is on its way</h2><p>Days may go by. What does the bank answer?</p>"
            + _form(session.id, _button("succeed", "The payment succeeds", main=True))
            + _form(session.id, _button("fail", "The payment fails"))
            + onward
        )
    if intent is not None and _is_manual(session):
        return _authorised(ctx, intent) + onward
    told = {
        "succeeded": "This payment has been made.",
        "canceled": "This payment was cancelled.",
    }.get(state, "Nothing was charged." if intent is None else "This payment has failed.")
    return f"<p>{told}</p>{onward}"


def _is_manual(session: Document) -> bool:
    """Whether the card is only authorised, and captured later or never."""
    return bool(session.private["payment_intent_data"].get("capture_method") == "manual")


def _authorised(ctx: Context, intent: Document) -> str:
    """What became of an authorisation so far."""
    body = intent.body
    whole, kept = (escape(formatted(body[name], body["currency"])) for name in _AMOUNTS)
    if body["status"] == "requires_capture":
        charge = ctx.reference("charge", body, "latest_charge").body
        until = datetime.fromtimestamp(
            charge["payment_method_details"]["card"]["capture_before"], UTC
        )
        return (
            f"<h2>The card is authorised</h2><p>Nothing is charged yet. {whole} is reserved on"
            f" the card until {until:%Y-%m-%d %H:%M} UTC, and then released if it has not been"
            " captured.</p>"
        )
    if body["status"] == "succeeded":
        rest = "" if whole == kept else f" of the {whole} that was authorised; the rest is released"
        return f"<h2>The payment was captured</h2><p>{kept} was charged{rest}.</p>"
    return f"<h2>The authorisation was released</h2><p>{whole} was reserved, never charged.</p>"


def _open_form(session: Document, card: str) -> str:
    body = session.body
    parts = []
    if "card" in body["payment_method_types"]:
        parts.append(_form(session.id, _card_fields(session, card)))
    if (method := paying.delayed_method(session)) is not None:
        name = method.replace("_", " ").capitalize()
        parts.append(
            '<div class="or">or</div>'
            + _form(session.id, _button("delayed", f"Pay by {name}"))
            + '<p class="hint">A delayed method: the bank answers later. This page then lets you'
            " say what it answers.</p>"
        )
    rows = "".join(f"<dt>{number}</dt><dd>{fate}</dd>" for number, fate in TEST_CARDS)
    parts.append(
        f'<div class="cards"><b>Test cards</b><dl>{rows}</dl>'
        '<p class="hint">Any expiry date and security code will do.</p></div>'
    )
    return "".join(parts)


def _card_fields(session: Document, card: str) -> str:
    """The fields of a card payment; the double looks at e-mail and number."""
    body, manual = session.body, _is_manual(session)
    email = escape(body["customer_email"] or "")
    number = escape(card or TEST_CARDS[0][0])
    options = "".join(f'<option value="{number}">{fate}</option>' for number, fate in TEST_CARDS)
    amount = formatted(body["amount_total"], body["currency"])
    return (
        "<h2>Pay with card</h2>"
        '<label for="email">E-mail</label>'
        f'<input id="email" name="email" type="email" value="{email}" autocomplete="off">'
        '<label for="card">Card number</label>'
        '<input class="number" id="card" name="card_number" inputmode="numeric"'
        f' autocomplete="off" list="cards" value="{number}">'
        f'<datalist id="cards">{options}</datalist><div class="two">'
        '<div><label for="expiry">Expiry</label>'
        '<input id="expiry" name="expiry" autocomplete="off" value="12 / 34"></div>'
        '<div><label for="cvc">Security code</label>'
        '<input id="cvc" name="cvc" inputmode="numeric" autocomplete="off" value="123"></div>'
        "</div>"
        + _button("pay", f"{'Authorise' if manual else 'Pay'} {amount}", main=True)
        + (f'<p class="hint">{AUTHORISED_ONLY}</p>' if manual else "")
    )


def _form(session_id: str, content: str) -> str:
    return f'<form method="post" action="/pay/{escape(session_id)}">{content}</form>'


def _button(action: str, label: str, *, main: bool = False) -> str:
    kind = ' class="main"' if main else ""
    return f'<button{kind} name="action" value="{action}">{escape(label)}</button>'


def _link(url: str | None, label: str) -> str:
    return f'<p><a href="{escape(url)}">{escape(label)}</a></p>' if url else ""


def _plain(status: int, message: str) -> Response:
    content = f'<section class="card"><h1>Checkout</h1><p>{escape(message)}</p></section>'
    return Response(status, _headers({}), _document("Checkout", content))


def _document(title: str, content: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body>"
        '<header class="test"><b>TEST</b> Test mode — no real money</header>'
        f"<main>{content}</main></body></html>"
    ).encode()


def _headers(session: Json) -> dict[str, str]:
    """Forms may lead to the shop's pages too: browsers hold redirects to `form-action`."""
    origins = {
        f"{parts.scheme}://{parts.netloc}"
        for url in (session.get("success_url"), session.get("cancel_url"))
        if url
        for parts in [urlsplit(url)]
    }
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none';"
        f" frame-ancestors 'none'; form-action 'self' {' '.join(sorted(origins))}"
    )
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
