"""The content of letters: names that are names, and links that lead to the right shop."""

from collections.abc import Callable
from typing import Any

import pytest

from holdfast.access import actors
from holdfast.outbox import email_templates
from holdfast.platform.settings import Settings

KEY, OTHER = "pk_test_" + "a" * 32, "pk_test_" + "b" * 32
HELLO = {
    "Emmy Noether": "Emmy Noether",
    "Emmy  Noether": "Emmy Noether",
    "J. R. R. Tolkien": "J. R. R. Tolkien",
    "Óscar d'Arc-Ñandú": "Óscar d'Arc-Ñandú",
    "李小龍": "李小龍",
    "Emmy\u202eNoether": "Emmy Noether",
    "Emmy\u200bNoether": "Emmy Noether",
}
NAMELESS = [
    *(
        "https://evil.example",
        "evil.example",
        "evil\uff0eexample",
        "evil\u3002example",
        "EVIL.EXAMPLE",
    ),
    *(
        "Verify at evil.example/login now",
        "call 0900 123456",
        "call \uff10\uff19\uff10\uff10",
        "a@b",
        "a\uff20b",
    ),
    *(
        "www evil",
        "http\uff1a\uff0f\uff0fevil",
        "<b>Emmy</b>",
        "[Emmy](evil)",
        "x" * 61,
        " ",
        "\u200b",
        "a:b",
    ),
]


def told(**changes: Any) -> dict[str, Any]:
    offer = {
        "place_id": "p",
        "secret_key_id": None,
        "booking_id": "b",
        "email": "e@example.com",
        "name": None,
        "offering": "Lesson",
        "resource": "Ada",
        "timezone": "UTC",
        "shop": "Studio",
        "starts": "Monday",
        "until": "Sunday",
        "page_url": None,
        "publishable_keys": [actors.digest(KEY).hex()],
    }
    return offer | changes


@pytest.fixture(autouse=True)
def _page(environment: Callable[..., Settings]) -> None:
    """A deployment whose page names no key."""
    environment(
        BOOKING_SECRET_KEY="00" * 32,
        BOOKING_PAGE_URL="https://page.example/",
        PAGE_PUBLISHABLE_KEY="",
    )


@pytest.mark.parametrize(("name", "greeted"), HELLO.items())
def test_a_name_is_greeted(name: str, greeted: str) -> None:
    """In one line, without characters that reorder or hide text."""
    letter = email_templates.offer(told(name=name))

    assert letter.text.startswith(f"Hello {greeted},\n")


@pytest.mark.parametrize("name", [None, *NAMELESS])
def test_what_can_be_more_than_a_name_is_left_out(name: str | None) -> None:
    """Mail programs turn it into links and calls, in whatever letters it is written."""
    letter = email_templates.offer(told(name=name))

    assert letter.text.startswith("Hello,\n")
    assert letter.html.startswith("<p>Hello,</p>")


@pytest.mark.parametrize(
    ("page", "linked"),
    [
        (f"https://b.example/?key={KEY}", True),
        ("https://b.example/book", True),  # a page that knows its own key
        (f"https://b.example/?key={OTHER}", False),
        (f"https://b.example/?key={KEY}&key={OTHER}", False),
        ("https://b.example/?key=", False),
        (None, False),
    ],
)
def test_a_link_has_no_other_tenants_key(page: str | None, linked: bool) -> None:
    """Nor does it lead to an unknown page."""
    letter = email_templates.offer(told(page_url=page))

    assert ("Take it here: " in letter.text) == linked
    assert (f"{page}#booking=b&secret=bks_" in letter.text) == linked
    assert ("secret" in letter.html) == linked
