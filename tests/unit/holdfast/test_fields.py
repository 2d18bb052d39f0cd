"""Text, times and contact details: whatever is accepted can be stored."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from holdfast.calendars.models import FeedAddress
from holdfast.platform.fields import Date, Email, Instant, Name, Notes, Phone, Slug, WebAddress
from tests.harness.running.scripts import SCRIPTS, word

NAME: TypeAdapter[str] = TypeAdapter(Name)
NOTES: TypeAdapter[str] = TypeAdapter(Notes)
EMAIL: TypeAdapter[str] = TypeAdapter(Email)
PHONE: TypeAdapter[str] = TypeAdapter(Phone)
SLUG: TypeAdapter[str] = TypeAdapter(Slug)
INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
DATE: TypeAdapter[Any] = TypeAdapter(Date)
ADDRESS: TypeAdapter[str] = TypeAdapter(WebAddress)
FEED: TypeAdapter[str] = TypeAdapter(FeedAddress)

# any text at all, with more lone surrogates and control characters than at random
ANYTHING = st.text(
    st.one_of(
        st.characters(codec=None),
        st.characters(categories=["Cc", "Cs", "Cf", "Zs", "Zl", "Zp", "Mn"]),
    ),
    max_size=60,
)


def _accepted(adapter: TypeAdapter[Any], value: Any) -> Any:
    """The value as accepted, or None."""
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return None


def _is_fit(text: str, allowed: str = "") -> bool:
    text.encode()  # no lone surrogates
    return all(
        character in allowed
        or (
            unicodedata.category(character) not in {"Cc", "Cs"}
            and unicodedata.bidirectional(character)
            not in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        )
        for character in text
    )


@given(ANYTHING)
def test_an_accepted_name_is_one_clean_line(text: str) -> None:
    """No control characters, no reordering, no line breaks, no outer space, never empty, NFC.

    Cases: P-12
    """
    name = _accepted(NAME, text)
    if name is not None:
        assert name
        assert _is_fit(name)
        assert name == name.strip() == unicodedata.normalize("NFC", name).strip()


@given(ANYTHING)
def test_accepted_notes_are_clean_but_for_lines_and_tabs(text: str) -> None:
    """Line feeds and tabs are allowed; carriage returns and the rest are not.

    Cases: P-12
    """
    notes = _accepted(NOTES, text)
    if notes is not None:
        assert _is_fit(notes, allowed="\n\t")


@given(ANYTHING)
def test_accepting_twice_is_accepting_once(text: str) -> None:
    """What was accepted is accepted again, unchanged: a stored name can be sent back."""
    for adapter in (NAME, NOTES):
        once = _accepted(adapter, text)
        if once is not None:
            assert _accepted(adapter, once) == once


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=100))
def test_every_script_is_welcome(text: str) -> None:
    """Letters, digits, signs and emoji of any language are allowed in a name."""
    assert _accepted(NAME, text) is not None


@pytest.mark.parametrize(
    ("adapter", "longest"), [(NAME, 200), (NOTES, 2000)], ids=["name", "notes"]
)
def test_text_ends_where_the_database_says(adapter: TypeAdapter[str], longest: int) -> None:
    """As long as the constraint allows, and not one character longer.

    Cases: P-2, P-12
    """
    assert _accepted(adapter, "x" * longest)
    assert _accepted(adapter, "x" * (longest + 1)) is None


@given(ANYTHING)
def test_an_accepted_email_address_is_one_address(text: str) -> None:
    """One @, no white space, nothing that could begin another header.

    Cases: P-12
    Proves: ASVS 1.3.11
    """
    email = _accepted(EMAIL, f"a{text}@example.com")
    if email is not None:
        assert email.count("@") == 1 or email.startswith('"')
        assert _is_fit(email)
        assert not any(character.isspace() for character in email)


@pytest.mark.parametrize(
    ("given_as", "stored"),
    [
        ("+4930901820", "+4930901820"),
        ("+49 30 901820", "+4930901820"),
        ("+49 (0)30 901820", "+4930901820"),
        ("+1-212-736-5000", "+12127365000"),
        ("+81 3-3224-9999", "+81332249999"),
    ],
)
def test_a_phone_number_is_stored_as_e164(given_as: str, stored: str) -> None:
    """However it was written.

    Cases: P-12
    """
    assert _accepted(PHONE, given_as) == stored


@settings(deadline=None)  # tables are loaded the first time
@given(ANYTHING)
def test_an_accepted_phone_number_fits_its_constraint(text: str) -> None:
    """customers_phone_is_e164 allows every number that the model accepts.

    Cases: P-2, P-12
    """
    phone = _accepted(PHONE, f"+49309018{text}")
    if phone is not None:
        assert phone[0] == "+"
        assert phone[1] in "123456789"
        assert phone[1:].isascii()
        assert phone[1:].isdecimal()
        assert 7 <= len(phone[1:]) <= 15


@pytest.mark.parametrize("script", SCRIPTS)
def test_names_and_notes_of_every_script(script: str) -> None:
    """Names are stored as people write them, marks and all.

    Cases: P-12
    """
    name = f"{word(script)} {word(script, seed=2)}"

    assert _accepted(NAME, name) == unicodedata.normalize("NFC", name)
    assert _accepted(NOTES, f"{name}\n{name}") == unicodedata.normalize("NFC", f"{name}\n{name}")


@pytest.mark.parametrize("script", SCRIPTS)
def test_email_addresses_of_every_script(script: str) -> None:
    """A domain may be in any; the local part only in what Amazon SES accepts.

    Cases: P-12
    """
    domains = [f"{word(script, seed=seed)}.example" for seed in range(8)]
    accepted = [_accepted(EMAIL, f"guest@{domain}") for domain in domains]

    assert any(accepted)
    assert all(email in {None, f"guest@{d}"} for email, d in zip(accepted, domains, strict=True))
    assert _accepted(EMAIL, f"{word(script)}@example.com") is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("guest@bücher.example", "guest@bücher.example"),
        ("guest@xn--bcher-kva.example", "guest@bücher.example"),
        ("guest@BÜCHER.example", "guest@bücher.example"),
        ("jürgen@example.com", None),
        ("guest@☃.example", None),
        ("a" * 65 + "@example.com", None),
        ("guest@" + ".".join(["ü" * 40] * 5) + ".example", None),
        ("Vera <vera@example.com>", None),
        ("<vera@example.com>", None),
        ("vera@example.com <vera@example.com>", None),
    ],
)
def test_an_email_address_is_one_that_letters_reach(typed: str, kept: str | None) -> None:
    """The whole input is the address: no name beside it is dropped.

    Cases: P-12
    """
    assert _accepted(EMAIL, typed) == kept


MARKS = [
    "ext. ",
    "ext",
    "x",
    " x",
    "#",
    ";ext=",
    ", ",
    "~",
    " доб. ",
    " extension ",
    "anexo ",
    "\uff58",
]


@settings(deadline=None)  # tables are loaded the first time
@given(
    st.sampled_from(["+1-907-486-4171", "+49 30 901820", "+44 20 7946 0018", "+81 3-3224-9999"]),
    st.sampled_from(MARKS),
    st.integers(0, 99999),
)
def test_an_extension_is_refused_not_dropped(number: str, mark: str, extension: int) -> None:
    """E.164 has none, so it would be lost.

    Cases: P-12
    """
    assert _accepted(PHONE, f"{number} {mark}{extension}") is None
    with pytest.raises(ValidationError, match="extension"):
        PHONE.validate_python("+1-907-486-4171 ext. 101")


WORDS = [
    "home",
    "(mobile)",
    "FLOWERS",
    "or",
    "ask for Vera",
    "/ +49 30 901821",
    "+5",
    "携帯",
    "*",
    "&",
]


@settings(deadline=None)  # tables are loaded the first time
@given(st.sampled_from(["+4930901820", "+12127365000"]), st.sampled_from(WORDS), st.booleans())
def test_words_beside_a_number_are_refused_not_dropped(
    number: str, words: str, before: bool
) -> None:
    """Nor are they dialled: "home" is 4663 on a telephone."""
    assert _accepted(PHONE, f"{words} {number}" if before else f"{number} {words}") is None


@settings(deadline=None)  # tables are loaded the first time
@given(
    st.sampled_from(["4930901820", "12127365000", "81332249999", "442079460018"]),
    st.data(),
)
def test_every_digit_that_is_typed_is_kept(digits: str, data: st.DataObject) -> None:
    """Whatever stands between them, in digits of whatever script."""
    zero = data.draw(st.sampled_from([0x30, 0x660, 0x966, 0xFF10]))
    between = st.sampled_from(["", "", "", "", " ", "-", ".", "/", "\u00a0", "\u2011", "\u200e"])
    typed = data.draw(st.sampled_from(["+", "\uff0b", "tel:+", "TEL: +", "(+"]))
    for digit in digits:
        typed += chr(zero + int(digit)) + data.draw(between)
    assert _accepted(PHONE, typed[:40]) in (
        {f"+{digits}"} if len(typed) <= 40 else {None, f"+{digits}"}
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://x.example/Büro.ics", "https://x.example/B%C3%BCro.ics"),
        ("https://x.example/Bu\u0308ro.ics", "https://x.example/Bu%CC%88ro.ics"),
        ("webcal://faß.de/", "https://xn--fa-hia.de/"),
        ("WEBCALS://例子.测试/日?本", "https://xn--fsqu00a.xn--0zwm56d/%E6%97%A5?%E6%9C%AC"),
        ("https://x.example/a%20b", "https://x.example/a%20b"),
        ("https://x.example/a b", None),
        ("https://x.example/a\u3000b", None),
        ("https://x.example/\u202e", None),
        ("https://☃.example/", None),
        ("https://a..b/", None),
        ("https://user@x.example/", None),
        ("https://user:pass@x.example/", None),
        ("https://ü:ü@x.example/", None),
        ("https://x.example\uff20y.example/", None),
        ("https://x.example\u2100/", None),
        ("https://x.example/#ü", None),
        ("http://x.example/", None),
        ("https://x.example/" + "ü" * 400, None),
    ],
)
def test_the_address_of_a_feed_is_one_that_can_be_asked(typed: str, kept: str | None) -> None:
    """In ASCII, with the host that browsers would ask; an impossible one is refused at once.

    Cases: P-12
    """
    assert _accepted(FEED, typed) == kept


@settings(deadline=None)  # tables are loaded the first time
@given(ANYTHING, ANYTHING)
def test_an_accepted_address_of_a_feed_fits_its_constraint(host: str, path: str) -> None:
    """calendars_url_is_https allows every address that the model accepts.

    Cases: P-2, P-12
    """
    for typed in (f"https://x.example/{path}", f"https://{host}.example/{path}"):
        accepted = _accepted(FEED, typed)
        if accepted is not None:
            assert accepted.startswith("https://")
            assert accepted.isascii()
            assert accepted.isprintable()
            assert " " not in accepted
            assert len(accepted) <= 2000
            assert "@" not in urlsplit(accepted).netloc


@given(
    st.timedeltas(timedelta(days=-25_000), timedelta(days=2_500_000)),
    st.integers(-14 * 60, 14 * 60),
)
def test_one_instant_has_one_spelling(since: timedelta, offset: int) -> None:
    """Whatever offset it has, it becomes UTC: equal requests are equal.

    Cases: D-3
    """
    instant = datetime(1970, 1, 1, tzinfo=UTC) + since
    local = instant.astimezone(timezone(timedelta(minutes=offset)))
    accepted = _accepted(INSTANT, local.isoformat())

    assert accepted == instant
    assert accepted.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "now", "2030-01-09", "2030-01-09T10:00:00", "1893751200", "1e9", "P1D", "infinity",
     "2030-01-09T10:00:00+25:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 1893751200,
     1.5, True, None, b"2030-01-09T10:00:00Z", {}, []],
)  # fmt: skip
def test_what_is_no_instant_is_refused(text: Any) -> None:
    """RFC 3339 with an offset; numbers and durations are not accepted.

    Cases: P-12
    """
    assert _accepted(INSTANT, text) is None


@pytest.mark.parametrize("text", ["", "09.01.2030", "2030-1-9", "20300109", 21924, "2030-02-30"])
def test_what_is_no_date_is_refused(text: Any) -> None:
    """Four digits, two, two.

    Cases: D-5, P-12
    """
    assert _accepted(DATE, text) is None


@given(ANYTHING)
def test_an_accepted_address_is_safe_to_redirect_to(text: str) -> None:
    """http or https, a host, no credentials, nothing invisible.

    Cases: P-12
    Proves: ASVS 1.2.2
    """
    for address in (text, f"https://{text}", f"https://a.example/{text}"):
        accepted = _accepted(ADDRESS, address)
        if accepted is not None:
            parts = urlsplit(accepted)
            assert parts.scheme in {"http", "https"}
            assert parts.hostname
            assert parts.username is parts.password is None
            assert _is_fit(accepted)
            assert not any(character.isspace() for character in accepted)


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "//a.example/", "/thanks",
     "ftp://a.example/", "https://", "https:///x", "https://a@b.example/", "https://:80/",
     "https://a.example:port/", "https://a.example:99999/", "https://[::1/"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(address: str) -> None:
    """Nothing that a browser would run or misread.

    Cases: P-12
    """
    assert _accepted(ADDRESS, address) is None


@pytest.mark.parametrize("slug", ["standard", "a", "a1_b", "x" * 40])
def test_slugs(slug: str) -> None:
    """Names of tiers and packages."""
    assert _accepted(SLUG, slug) == slug


@pytest.mark.parametrize("slug", ["", "A", "1a", "_a", "a-b", "a b", "a\n", "é", "x" * 41])
def test_what_is_no_slug_is_refused(slug: str) -> None:
    """The same pattern as in the database, a trailing line break included.

    Cases: P-2, P-12
    """
    assert _accepted(SLUG, slug) is None


def test_a_number_longer_than_e164_is_refused() -> None:
    """Germany's plan has numbers of more than 15 digits; E.164, the database and SMS do not.

    Cases: P-2, P-12
    """
    assert _accepted(PHONE, "+493090182000000") == "+493090182000000"
    assert _accepted(PHONE, "+4930901820000000") is None
