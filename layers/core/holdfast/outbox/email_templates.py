"""The letters to customers."""

import html
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from holdfast.access import actors, booking_secrets
from holdfast.platform.settings import settings

_NAME_LENGTH = 60
# Text that mail programs turn into links, calls or messages; a name that contains it is left out.
_NO_NAME = re.compile(r"[:/\\@<>\[\]{}|]|\w\.\w|\d{4}|www", re.IGNORECASE)


class Letter(NamedTuple):
    """An e-mail, as plain text and as HTML."""

    to: str
    subject: str
    text: str
    html: str


def offer(told: Mapping[str, Any]) -> Letter:
    """Tell a waiting customer that a time is held for them until a deadline.

    Its text is ours and the shop's. Its link leads to the shop's own page, and is left out where no
    page is known to be the shop's: the secret in it opens nothing under another key.

    Args:
        told: as `core.offer_json` describes it.
    """
    what = f"{told['offering']}, {told['resource']}"
    zone = f"({told['timezone']})"
    name = _name(told["name"])
    paragraphs = (
        f"Hello {name}," if name else "Hello,",
        f"the time that you are waiting for at {told['shop']} is free:"
        f" {what}, {told['starts']} {zone}.",
        f"It is held for you until {told['until']} {zone}. After that it goes to the next in line.",
    )
    found = _page(told)
    if found is None:
        todo = f"To take it, open the page of {told['shop']} where you asked to wait for it."
        text = "\n\n".join((*paragraphs, todo)) + "\n"
        button = f"<p>{html.escape(todo)}</p>"
    else:
        # in the fragment, which browsers keep to themselves: the secret opens the booking
        secret = booking_secrets.waitlist_secret(told["place_id"], told["secret_key_id"])
        page, keys = found
        # in the form of the page's own key
        tenant = actors.tenant_in(keys[0]) if keys else None
        secret = actors.naming(secret, tenant.hex if tenant else "")
        link = f"{page}#" + urlencode({"booking": told["booking_id"], "secret": secret})
        text = "\n\n".join((*paragraphs, f"Take it here: {link}")) + "\n"
        button = f'<p><a href="{html.escape(link)}">Take it</a></p>'
    body = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    return Letter(told["email"], f"It is your turn: {what}", text, body + button)


def _page(told: Mapping[str, Any]) -> tuple[str, list[str]] | None:
    """The page of the tenant and its keys, as far as they are known: its own page, or the
    deployment's if that has a key of this tenant."""
    own: str | None = told["page_url"]
    page = settings().booking_page_url if own is None else own
    keys = _keys_in(page) or ([settings().page_publishable_key] if own is None else [])
    return (page, keys) if all(_opens(key, told) for key in keys) else None


def _keys_in(page: str) -> list[str]:
    return parse_qs(urlsplit(page).query, keep_blank_values=True).get("key", [])


def _opens(key: str, told: Mapping[str, Any]) -> bool:
    """Whether it is a publishable key of this tenant, and not revoked."""
    return actors.digest(key).hex() in told["publishable_keys"]


def _name(name: str | None) -> str | None:
    """A customer's name if it can be nothing but a name."""
    if name is None:
        return None
    plain = unicodedata.normalize("NFKC", name).replace("\u3002", ".").replace("\uff61", ".")
    readable = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in plain)
    words = " ".join(readable.split())
    if not words or len(words) > _NAME_LENGTH or _NO_NAME.search(words):
        return None
    return words
