"""What is derived with the booking key: secrets, and hashes of network addresses."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from holdfast.access import booking_secrets
from holdfast.access.actors import Actor
from holdfast.platform.settings import settings

ID = UUID("01a1fbac-e3e1-7dfa-a17a-5f740cf2d6ae")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment with a booking key."""
    monkeypatch.setenv("BOOKING_SECRET_KEY", "07" * 32)
    settings.cache_clear()
    yield
    settings.cache_clear()


def address_hash(address: str) -> str | None:
    found: str | None = booking_secrets.with_address_hash(Actor("", None, "", address))[
        "address_hash"
    ]
    return found


def test_a_place_and_a_booking_of_one_id_have_different_secrets() -> None:
    """Secrets are bound to what they open, and are the same every time.

    Proves: ASVS 7.2.3
    """
    secrets = {booking_secrets.client_secret(ID), booking_secrets.waitlist_secret(ID)}

    assert len(secrets) == 2
    assert booking_secrets.waitlist_secret(str(ID)) in secrets


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7", "::ffff:203.0.113.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("2001:db8:1:2::1", "2001:0DB8:0001:0002::1"),
        ("2001:db8:1:2::1", "2001:db8:1:ff::1"),
        ("203.0.113.7", "2002:cb00:7107:5::9"),
        ("203.0.113.7", "64:ff9b::203.0.113.7"),
        ("203.0.113.7", "2001:0:c633:6401:8000:63bf:34ff:8ef8"),
    ],
)
def test_one_subscriber_is_one_address(one: str, other: str) -> None:
    """A subscriber's IPv6 network of 56 bits is one; so are all spellings of an IPv4 address.

    Cases: P-8
    """
    assert address_hash(one) == address_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("203.0.113.7", "203.0.113.8"), ("2001:db8:1:2::1", "2001:db8:1:102::1"), ("::1", "0.0.0.1")],
)
def test_neighbours_are_not(one: str, other: str) -> None:
    """Other addresses, other networks.

    Cases: P-8
    """
    assert address_hash(one) != address_hash(other)


def test_the_address_is_never_stored() -> None:
    """Database and logs only get a hash that cannot be guessed without the key.

    Proves: ASVS 14.2.4
    """
    actor = Actor("", None, "", "203.0.113.7")

    assert "203.0.113.7" not in repr(actor)
    assert "203.0.113.7" not in str(booking_secrets.with_address_hash(actor))


def test_what_is_no_address_is_not_limited() -> None:
    """An event without one, as from a test console."""
    assert address_hash("") is None
    assert address_hash("test-invoke-source-ip") is None
