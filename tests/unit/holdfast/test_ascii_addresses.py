"""Hosts, web addresses and mailboxes in any script become those that protocols take."""

import unicodedata
from urllib.parse import unquote, urlsplit

import email_validator
import idna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.platform import ascii_addresses
from tests.harness.running.scripts import SCRIPTS, word

# Those of IANA's test of domains in many scripts, and those that IDNA 2003 read differently.
KNOWN = {
    "例子.测试": "xn--fsqu00a.xn--0zwm56d",
    "例え.テスト": "xn--r8jz45g.xn--zckzah",
    "실례.테스트": "xn--9n2bp8q.xn--9t4b11yi5a",
    "пример.испытание": "xn--e1afmkfd.xn--80akhbyknj4f",
    "παράδειγμα.δοκιμή": "xn--hxajbheg2az3al.xn--jxalpdlp",
    "مثال.إختبار": "xn--mgbh0fb.xn--kgbechtv",
    "مثال.آزمایشی": "xn--mgbh0fb.xn--hgbk6aj7f53bba",
    "उदाहरण.परीक्षा": "xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g",
    "உதாரணம்.பரிட்சை": "xn--zkc6cc5bi7f6e.xn--hlcj6aya9esc7a",
    "bücher.example": "xn--bcher-kva.example",
    "faß.de": "xn--fa-hia.de",
    "βόλος.com": "xn--nxasmm1c.com",
    "نامه‌ای.com": "xn--mgba3gch31f060k.com",
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_hosts(name: str) -> None:
    """As IANA and the Unicode Consortium write them, with capitals, wide or composed letters.

    Cases: P-12
    """
    spellings = {name, unicodedata.normalize("NFD", name), name.replace(".", "。")}
    if "ß" not in name and "ς" not in name:  # these have no capitals of their own
        spellings.add(name.upper())

    assert {ascii_addresses.host(spelling) for spelling in spellings} == {KNOWN[name]}


@pytest.mark.parametrize("script", SCRIPTS)
def test_hosts_of_every_script(script: str) -> None:
    """Each has a form in ASCII, which stays as it is and leads back to what was typed."""
    for seed in range(20):
        label = word(script, seed=seed)
        name = f"{label}.example"
        if not _is_label(label):  # letters of two directions, or one that IDNA leaves out
            with pytest.raises(ValueError, match=r"."):
                ascii_addresses.host(name)
            continue
        found = ascii_addresses.host(name)

        assert found.startswith("xn--")
        assert ascii_addresses.host(found) == found
        assert idna.decode(found) == name


def _is_label(label: str) -> bool:
    try:
        idna.alabel(label)
    except idna.IDNAError:
        return False
    return True


def test_most_words_of_a_script_are_hosts() -> None:
    """So the test above is not only about refusals."""
    for script in SCRIPTS:
        assert sum(_is_label(word(script, seed=seed)) for seed in range(20)) >= 15, script


@pytest.mark.parametrize(
    "name",
    ["", ".", "a..b", "a" * 64, "a." * 128, "☃.example", "℀.example", "a b", "a/b", "a@b", "a:b",
     "%61.example", "[::1]", "a\u202eb", "\u0301a.example", "xn--\u00fc.example", "a\u200b.ü b"],
)  # fmt: skip
def test_what_can_be_no_host(name: str) -> None:
    """Too long, empty, or with a character that ends a host in an address."""
    with pytest.raises(ValueError, match=r"."):
        ascii_addresses.host(name)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30))
def test_a_host_is_ascii_or_refused(name: str) -> None:
    """Whatever is typed, and no other error occurs."""
    try:
        found = ascii_addresses.host(name)
    except ValueError:
        return
    assert found.isascii()
    assert not set(found) & set("/?#@:[]% \\")
    assert ascii_addresses.host(found) == found


ADDRESSES = {
    "https://x.example/Büro.ics": "https://x.example/B%C3%BCro.ics",
    "https://x.example/Bu\u0308ro.ics": "https://x.example/Bu%CC%88ro.ics",
    "https://x.example/B%C3%BCro.ics?k=%2f": "https://x.example/B%C3%BCro.ics?k=%2f",
    "https://x.example/B%C3%BCro/Büro?ü=ß&a=b+c": "https://x.example/B%C3%BCro/B%C3%BCro?%C3%BC=%C3%9F&a=b+c",
    "https://x.example/100%/%zz/%4": "https://x.example/100%25/%25zz/%254",
    "https://x.example/a(b)!$&'*,;=:@~-._[c]": "https://x.example/a(b)!$&'*,;=:@~-._[c]",
    'https://x.example/"<>\\^`{|}': "https://x.example/%22%3C%3E%5C%5E%60%7B%7C%7D",
    "https://faß.de:8443/": "https://xn--fa-hia.de:8443/",
    "https://X.Example/A": "https://x.example/A",
    "https://[2001:db8::1]:8/ü": "https://[2001:db8::1]:8/%C3%BC",
    "https://x.example/\N{PARTY POPPER}": "https://x.example/%F0%9F%8E%89",
}  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_known_web_addresses(address: str) -> None:
    """What is not ASCII becomes percent-encoded UTF-8; what is encoded stays as it is.

    Cases: P-12
    """
    assert ascii_addresses.web_address(address) == ADDRESSES[address]


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_characters="%?#\\", codec="utf-8"), max_size=30))
def test_a_path_means_what_it_meant(path: str) -> None:
    """Decoding undoes the encoding, which is done once."""
    try:
        found = ascii_addresses.web_address(f"https://x.example/{path}")
    except ValueError:
        return
    kept = "".join(c for c in path if c not in "\t\r\n")  # as urlsplit and browsers do

    assert found.isascii()
    assert found.isprintable()
    assert unquote(urlsplit(found).path)[1:] == kept
    assert ascii_addresses.web_address(found) == found


@pytest.mark.parametrize("script", SCRIPTS)
def test_mailboxes_of_every_script(script: str) -> None:
    """The domain is what another package makes of it; a local part in other letters is refused.

    Cases: P-12
    """
    label = next(w for seed in range(20) if _is_label(w := word(script, seed=seed)))
    theirs = email_validator.validate_email(
        f"guest@{label}.example.com", check_deliverability=False
    ).ascii_email

    assert ascii_addresses.mailbox(f"guest@{label}.example.com") == theirs
    with pytest.raises(ValueError, match="before the @"):
        ascii_addresses.mailbox(f"{label}@example.com")


def test_mailboxes_are_as_long_as_a_server_takes() -> None:
    """64 characters, and 254 in the form that is sent."""
    assert ascii_addresses.mailbox("a" * 64 + "@x.example")
    for address in ("a" * 65 + "@x.example", "@x.example", "a@" + ".".join(["ü" * 50] * 5)):
        with pytest.raises(ValueError, match=r"."):
            ascii_addresses.mailbox(address)
