"""Field types shared by the models: what text, times and contact details may look like."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    EmailStr,
    Field,
    StringConstraints,
)

from holdfast.platform import ascii_addresses

# Control characters, lone surrogates, and the marks that reorder text on the screen.
_REFUSED_CATEGORIES = {"Cc", "Cs"}
_DATE_FIRST = re.compile(r"\d{4}-\d\d-\d\d")
_E164_LENGTH = 16  # a plus and 15 digits; Germany's own plan would allow more
# Digits and what people put between them. Anything else, a word or an extension, would be lost.
_NUMBER_ALONE = re.compile(
    r"(?:tel:\s*)?\(?[+\uff0b][\d\s()./\u2212\u2010-\u2015-]+", re.IGNORECASE
)
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_REORDERING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Day = TypeVar("Day", date, datetime)


def _clean(text: str, *, allowed: str = "") -> str:
    """Normalise to NFC without outer white space; refuse invisible characters."""
    for character in text:
        if character in allowed:
            continue
        if unicodedata.category(character) in _REFUSED_CATEGORIES or character in _REORDERING:
            raise ValueError("must not contain control characters")
    return unicodedata.normalize("NFC", text).strip()


def _line(text: str) -> str:
    cleaned = _clean(text)
    categories = [unicodedata.category(character) for character in cleaned]
    if all(category[0] in "CZ" for category in categories):  # a zero-width space is no name
        raise ValueError("must not be empty")
    if "Zl" in categories or "Zp" in categories:  # Unicode's own line and paragraph separators
        raise ValueError("must be one line")
    return cleaned


def _lines(text: str) -> str:
    return _clean(text.replace("\r\n", "\n"), allowed="\n\t")


def _address_alone(value: Any) -> Any:
    """`Vera <vera@shop.example>` would be accepted as its address, and the name dropped."""
    if isinstance(value, str) and ("<" in value or ">" in value):
        raise ValueError("must be an e-mail address only, without a name")
    return value


def _mailbox(address: str) -> str:
    """An address that letters can be sent to. It is stored as people read it."""
    ascii_addresses.mailbox(address)
    return address


def _phone(text: str) -> str:
    # imported when a phone number is given: its tables are large
    import phonenumbers  # noqa: PLC0415

    visible = "".join(c for c in _clean(text) if unicodedata.category(c) != "Cf")
    try:
        number = phonenumbers.parse(visible)
    except phonenumbers.NumberParseException:
        raise ValueError("must be an international number such as +49 30 901820") from None
    if number.extension:
        raise ValueError("must have no extension; put it in the notes")
    if not _NUMBER_ALONE.fullmatch(visible):
        raise ValueError("must be a single number such as +49 30 901820")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not phonenumbers.is_valid_number(number) or len(e164) > _E164_LENGTH:
        raise ValueError("must be a phone number that exists")
    return e164


def _text_only(value: Any) -> Any:
    """RFC 3339 is text that begins with a date: digits would be read as seconds since 1970."""
    if isinstance(value, date) or (isinstance(value, str) and _DATE_FIRST.match(value)):
        return value
    raise ValueError("must be text such as 2030-01-31T09:00:00Z")


def _in_range(value: Day) -> Day:
    """Far-off years are typing errors, and overflow when they are converted."""
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise ValueError(f"must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return value


def _utc(value: datetime) -> datetime:
    """One instant has one spelling, so that equal requests are equal."""
    return value.astimezone(UTC)


# The shape of RFC 5646, section 2.1: language, script, region, variants, extensions, private use.
_LANGUAGE_TAG = re.compile(
    r"(?P<language>[A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})"
    r"(-(?P<script>[A-Za-z]{4}))?(-(?P<region>[A-Za-z]{2}|\d{3}))?"
    r"(-([A-Za-z\d]{5,8}|\d[A-Za-z\d]{3}))*(-[A-WY-Za-wy-z\d](-[A-Za-z\d]{2,8})+)*"
    r"(-[Xx](-[A-Za-z\d]{1,8})+)?"
)


def _language_tag(text: str) -> str:
    """In the usual spelling, so that equal tags are equal: zh-Hant-TW."""
    match = _LANGUAGE_TAG.fullmatch(text)
    if match is None:
        raise ValueError("must be a language tag such as de-CH")
    language, script, region = match["language"], match["script"] or "", match["region"] or ""
    parts = [language.lower(), script.title(), region.upper()]
    rest = text[len("-".join(part for part in parts if part)) :].lower()
    return "-".join(part for part in parts if part) + rest


def _zone_that_exists(name: str) -> str:
    # imported when a zone is given: few requests have one
    import zoneinfo  # noqa: PLC0415

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be an IANA time zone such as Europe/Berlin") from None
    return name


def web_address(text: str) -> str:
    """An http or https address without user and password.

    Raises:
        ValueError: it is something else.
    """
    if any(character.isspace() for character in text) or _clean(text) != text:
        raise ValueError("must not contain spaces or control characters")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("must be a web address") from None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        raise ValueError("must be an http or https address without user and password")
    return text


Name = Annotated[str, StringConstraints(max_length=200), AfterValidator(_line)]
Notes = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_lines)]
Reason = Annotated[str, StringConstraints(max_length=500), AfterValidator(_line)]
Email = Annotated[
    EmailStr,
    StringConstraints(max_length=254),
    BeforeValidator(_address_alone),
    AfterValidator(_mailbox),
]
Phone = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_phone),
    Field(description="International phone number; stored as E.164.", examples=["+4930901820"]),
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Instant = Annotated[
    AwareDatetime, BeforeValidator(_text_only), AfterValidator(_in_range), AfterValidator(_utc)
]
Date = Annotated[date, BeforeValidator(_text_only), AfterValidator(_in_range)]
WebAddress = Annotated[str, StringConstraints(max_length=2048), AfterValidator(web_address)]
Zone = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*$"),
    Field(description="IANA time zone.", examples=["Europe/Berlin"]),
]
CustomerZone = Annotated[
    Zone,
    AfterValidator(_zone_that_exists),
    Field(description="The customer's own IANA time zone.", examples=["Europe/Berlin"]),
]
Locale = Annotated[
    str,
    StringConstraints(max_length=35),
    AfterValidator(_language_tag),
    Field(description="The customer's language, a BCP 47 tag.", examples=["de-CH"]),
]
Reference = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_line),
    Field(description="As a person wrote it: any case, with or without the dash."),
]
