"""What customers are written."""

import html
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from holdfast import booking_secrets
from holdfast.settings import settings


class Letter(NamedTuple):
    """An e-mail, as plain text and as HTML."""

    to: str
    subject: str
    text: str
    html: str


def offer(told: Mapping[str, Any]) -> Letter:
    """Tell a customer of the waitlist that a time is theirs if they pay for it in time.

    Args:
        told: as `core.offer_json` describes it.
    """
    # in the fragment, which browsers keep to themselves: the secret opens the booking
    secret = booking_secrets.waitlist_secret(told["place_id"], told["secret_key_id"])
    link = f"{settings().booking_page_url}#" + urlencode(
        {"booking": told["booking_id"], "secret": secret}
    )
    what = f"{told['offering']}, {told['resource']}"
    zone = f"({told['timezone']})"
    paragraphs = (
        f"Hello {told['name']},",
        f"the time that you are waiting for is free: {what}, {told['starts']} {zone}.",
        f"It is held for you until {told['until']} {zone}. After that it goes to the next in line.",
    )
    text = "\n\n".join((*paragraphs, f"Take it here: {link}")) + "\n"
    body = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    button = f'<p><a href="{html.escape(link)}">Take it</a></p>'
    return Letter(told["email"], f"It is your turn: {what}", text, body + button)
