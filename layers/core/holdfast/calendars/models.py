"""External calendars that are read, and feeds of bookings."""

import unicodedata
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from holdfast.platform import ascii_addresses
from holdfast.platform.fields import Name, web_address
from holdfast.platform.models import Answer, Request

_MAX_LENGTH = 2000
_SCHEMES = ("https://", "webcal://", "webcals://")


def _feed_address(text: str) -> str:
    scheme = next((known for known in _SCHEMES if text.lower().startswith(known)), None)
    if scheme is None:
        raise ValueError("must be an https or webcal address")
    given = "https://" + text[len(scheme) :]
    if "#" in web_address(unicodedata.normalize("NFC", given)):  # its own form may be another
        raise ValueError("must not have a fragment")
    try:
        address = ascii_addresses.web_address(given)
    except ValueError:
        raise ValueError("must be a web address with a valid host name") from None
    if len(address) > _MAX_LENGTH:
        raise ValueError(f"must be at most {_MAX_LENGTH} characters long, percent-encoded")
    return address


FeedAddress = Annotated[
    str, StringConstraints(max_length=_MAX_LENGTH), AfterValidator(_feed_address)
]


class CalendarRequest(Request):
    """Which calendar to read. Its address is a secret, and is not shown again."""

    name: Name = Field(examples=["Private calendar"])
    url: FeedAddress = Field(examples=["https://calendar.example/private-1f7b/basic.ics"])
    fresh_seconds: int = Field(
        default=300,
        ge=30,
        le=86400,
        description="A calendar that was read longer ago is read again before a hold.",
    )


class Calendar(Answer):
    """A calendar whose events take time of a resource. `read_at` is when it was last read,
    `failure` why the last attempt to read it failed."""

    id: UUID
    resource_id: UUID
    name: str
    fresh_seconds: int
    read_at: datetime | None
    failure: str | None
    created_at: datetime


class CalendarList(Answer):
    """All calendars that are read for a resource."""

    calendars: list[Calendar]


class CalendarFeed(Answer):
    """A resource's bookings as a calendar at a secret address."""

    id: UUID
    resource_id: UUID
    created_at: datetime
    revoked_at: datetime | None


class NewCalendarFeed(CalendarFeed):
    """A new feed, with its address: its holder can read the calendar."""

    url: str


class CalendarFeedList(Answer):
    """All feeds of a resource."""

    feeds: list[CalendarFeed]
