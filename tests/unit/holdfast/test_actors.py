"""Keys, secrets and addresses: which texts are accepted, which tenant they name, what is hashed."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.access import actors
from holdfast.platform.errors import Unauthenticated

TENANT = "01a1fbace3e17dfaa17a5f740cf2d6ae"
MAC = "3f" * 32
OLD_SECRET = "bks_" + "Pz8_" * 10 + "Pz8"
_RANDOM = "0123456789abcdefABCDEF"


def _asking(key: str, secret: str = "") -> actors.Actor:
    return actors.from_headers({"authorization": f"Bearer {key}", "booking-secret": secret}, "r")


@pytest.mark.parametrize("kind", ["pk_test", "pk_live", "sk_test", "sk_live", "rk_live"])
def test_a_key_may_name_its_tenant(kind: str) -> None:
    """Whole keys are hashed, with or without their tenant, as they were given out."""
    old, new = f"{kind}_{_RANDOM}", f"{kind}_{TENANT}_{_RANDOM}"

    assert (_asking(old).tenant, _asking(new).tenant) == ("", TENANT)
    assert (actors.tenant_in(old), actors.tenant_in(new)) == (None, UUID(TENANT))
    assert _asking(new).key_hash == actors.digest(new).hex()
    assert actors.is_browser({"authorization": f"Bearer {new}"}) == kind.startswith("pk")


@pytest.mark.parametrize(
    "key",
    [
        f"pk_test_{TENANT}_",
        f"pk_test_{TENANT}_short",
        f"pk_test_{TENANT.upper()}_{_RANDOM}",
        f"pk_test_{TENANT[:-1]}_{_RANDOM}",
        f"pk_test_{TENANT}_{TENANT}_{_RANDOM}",
        f"pk_test__{_RANDOM}",
        f"xk_test_{TENANT}_{_RANDOM}",
    ],
)
def test_what_only_looks_like_a_key_is_none(key: str) -> None:
    """Three parts or four, and the third of four is an id in lower case without dashes."""
    with pytest.raises(Unauthenticated):
        _asking(key)


def test_a_secret_has_one_hash_in_both_spellings() -> None:
    """A secret from before secrets named the tenant opens the same booking, and a repeat is a
    repeat.
    """
    new = actors.naming(OLD_SECRET, TENANT)
    key = f"pk_test_{TENANT}_{_RANDOM}"

    assert new == f"hss_{TENANT}_{MAC}"
    assert actors.naming(OLD_SECRET, "") == OLD_SECRET
    assert _asking(key, new).booking_secret_hash == _asking(key, OLD_SECRET).booking_secret_hash
    assert _asking(key, OLD_SECRET).booking_secret_hash == actors.digest(OLD_SECRET).hex()


@pytest.mark.parametrize(
    "secret",
    [
        f"hss_{TENANT}_{MAC}0",
        f"hss_{TENANT}_{MAC[:-2]}",
        f"hss_{MAC}",
        f"cal_{TENANT}_{MAC}",
        "hss_",
    ],
)
def test_what_only_looks_like_a_secret_opens_nothing(secret: str) -> None:
    """It is not refused: with it, a booking simply does not exist."""
    assert _asking(f"pk_test_{_RANDOM}", secret).booking_secret_hash is None


@given(mac=st.binary(min_size=32, max_size=32), kind=st.sampled_from(["bks_", "cal_"]))
def test_the_tenant_is_added_and_taken_away_again(mac: bytes, kind: str) -> None:
    """Whatever was derived; its parts are letters and digits, and it can be undone exactly."""
    first = kind + actors.base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    named = actors.naming(first, TENANT)

    assert re.fullmatch(r"[a-z]{3}_[A-Za-z0-9]{32}_[A-Za-z0-9]{64}", named)
    assert actors.tenant_in(named) == UUID(TENANT)
    assert actors.first_written(named) == first
