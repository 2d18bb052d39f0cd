"""The hosted pay page: what the customer sees and submits. No scripts, nothing from elsewhere."""

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from dev.stripe_double import paying, sessions
from dev.stripe_double.context import Context
from dev.stripe_double.currencies import formatted
from dev.stripe_double.messages import ApiError, Json, Request, Response
from dev.stripe_double.paying import NotOpen
from dev.stripe_double.storage import Document

if TYPE_CHECKING:
    from dev.stripe_double.double import Double

STYLE = """
:root { color-scheme: light dark; --ink: #1a1f36; --soft: #5b6378; --line: #d9dde6;
  --paper: #ffffff; --ground: #f4f6f9; --accent: #1f4fd8; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaf0; --soft: #a3abbd; --line: #363c4d;
  --paper: #1c202b; --ground: #12151d; --accent: #7c9cff; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.test { background: #ffdf8a; color: #4a3400; text-align: center; padding: .5rem 1rem;
  font-weight: 600; }
main { max-width: 27rem; margin: 2rem auto; padding: 1.5rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 12px; }
h1 { font-size: 1rem; font-weight: 500; color: var(--soft); margin: 0; }
.total { font-size: 2rem; font-weight: 650; margin: 0 0 1rem; }
table { width: 100%; border-collapse: collapse; margin-bottom: 1.25rem; }
td { padding: .5rem 0; border-top: 1px solid var(--line); vertical-align: top; }
td:last-child { text-align: right; white-space: nowrap; padding-left: 1rem; }
small { color: var(--soft); }
label { display: block; font-weight: 500; margin: .75rem 0 .25rem; }
input { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: 8px; }
button { width: 100%; margin-top: .75rem; padding: .7rem; font: inherit; cursor: pointer;
  border-radius: 8px; border: 1px solid var(--line); background: transparent; color: inherit; }
button.main { background: var(--accent); border-color: var(--accent); color: var(--paper);
  font-weight: 600; }
button:focus-visible, input:focus-visible, a:focus-visible { outline: 3px solid var(--accent);
  outline-offset: 2px; }
.problem { color: var(--bad); font-weight: 600; }
a { color: var(--accent); }
ul { color: var(--soft); font-size: .85rem; padding-left: 1.1rem; margin: .5rem 0 0; }
@media (max-width: 480px) { main { margin: 0; border: 0; border-radius: 0; min-height: 100vh; } }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def answer(double: "Double", request: Request) -> Response:
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


def _act(double: "Double", request: Request, session_id: str) -> Response:
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
    content = f"{_summary(session)}{notice}{_choices(ctx, session, card)}"
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
    return f'<h1>Total</h1><p class="total">{total}</p><table>{"".join(rows)}</table>'


def _choices(ctx: Context, session: Document, card: str) -> str:
    """What the customer can do now, as forms; and, in its final states, how it ended."""
    body = session.body
    if body["status"] == "open":
        return _open_form(session, card)
    if body["status"] == "expired":
        back = _link(body["cancel_url"], "Go back")
        return f"<p>This checkout session has expired. Nothing was charged.</p>{back}"
    intent = ctx.storage.get("payment_intent", body["payment_intent"] or "")
    onward = _link(body["success_url"].replace("{CHECKOUT_SESSION_ID}", session.id), "Continue")
    state = "requires_payment_method" if intent is None else intent.body["status"]
    if state == "processing":
        return (
            "<p>The payment is on its way. The bank's answer:</p>"
            + _form(session.id, _button("succeed", "The payment succeeds", main=True))
            + _form(session.id, _button("fail", "The payment fails"))
            + onward
        )
    told = {
        "succeeded": "This payment has been made.",
        "requires_capture": "This payment is authorised and waits to be captured.",
        "canceled": "This payment was cancelled.",
    }.get(state, "Nothing was charged." if intent is None else "This payment has failed.")
    return f"<p>{told}</p>{onward}"


def _open_form(session: Document, card: str) -> str:
    body = session.body
    parts = []
    email = escape(body["customer_email"] or "")
    if "card" in body["payment_method_types"]:
        parts.append(
            _form(
                session.id,
                '<label for="email">E-mail</label>'
                f'<input id="email" name="email" type="email" value="{email}" autocomplete="off">'
                '<label for="card">Card number</label>'
                '<input id="card" name="card_number" inputmode="numeric" autocomplete="off"'
                f' placeholder="4242 4242 4242 4242" value="{escape(card)}">'
                + _button("pay", "Pay", main=True)
                + "<ul><li>4242 4242 4242 4242 pays</li><li>4000 0000 0000 0002 is declined</li>"
                "<li>4000 0000 0000 9995 has insufficient funds</li></ul>",
            )
        )
    if (method := paying.delayed_method(session)) is not None:
        label = f"Pay with a delayed method ({method})"
        parts.append(_form(session.id, _button("delayed", label)))
    if body["cancel_url"]:
        parts.append(_form(session.id, _button("abandon", "Cancel")))
    return "".join(parts)


def _form(session_id: str, content: str) -> str:
    return f'<form method="post" action="/pay/{escape(session_id)}">{content}</form>'


def _button(action: str, label: str, *, main: bool = False) -> str:
    kind = ' class="main"' if main else ""
    return f'<button{kind} name="action" value="{action}">{escape(label)}</button>'


def _link(url: str | None, label: str) -> str:
    return f'<p><a href="{escape(url)}">{escape(label)}</a></p>' if url else ""


def _plain(status: int, message: str) -> Response:
    return Response(status, _headers({}), _document("Checkout", f"<p>{escape(message)}</p>"))


def _document(title: str, content: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        '<div class="test">Test mode — no real money</div>'
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
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none';"
        f" frame-ancestors 'none'; form-action 'self' {' '.join(sorted(origins))}"
    )
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
