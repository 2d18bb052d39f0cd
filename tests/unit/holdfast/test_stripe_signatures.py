"""verify_event: these very bytes, by a secret of ours, within five minutes."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dev.stripe_double.deliveries import sign
from holdfast.platform.settings import Settings
from holdfast.stripe import gateway

NEW, OLD = "whsec_new", "whsec_old"
NOW = 1_893_456_000
BODY = b'{"id": "evt_1"}'
SAME_ENVIRONMENT = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _secrets(environment: Callable[..., Settings]) -> None:
    environment(STRIPE_WEBHOOK_SECRETS=f"{NEW}, {OLD} ,")


def _verify(signature: str, body: bytes = BODY, now: float = NOW) -> bool:
    try:
        gateway.verify_event(body, signature, now=now)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("secrets", [[NEW], [OLD], [NEW, OLD], ["whsec_x", OLD]])
def test_any_secret_of_ours_will_do(secrets: list[str]) -> None:
    """While secrets are rotated, the old and the new one are both accepted."""
    assert _verify(sign(secrets, NOW, BODY))


@pytest.mark.parametrize("secret", ["whsec_x", "", NEW.upper(), NEW + " ", f"{NEW}, {OLD} ,"])
def test_no_other_secret_will(secret: str) -> None:
    """Not even the empty one that a trailing comma could leave in the list."""
    assert not _verify(sign([secret], NOW, BODY))


@pytest.mark.parametrize(
    ("age", "genuine"),
    [(0, True), (300, True), (301, False), (-300, True), (-301, False), (10**9, False)],
)
def test_five_minutes_either_way(age: int, genuine: bool) -> None:
    """To the second, in the past as in the future."""
    assert _verify(sign([NEW], NOW - age, BODY)) is genuine


def test_tolerance_is_measured_in_fractions_too() -> None:
    """Our clock has fractions; Stripe's stamp has none."""
    assert _verify(sign([NEW], NOW, BODY), now=NOW + 300.0)
    assert not _verify(sign([NEW], NOW, BODY), now=NOW + 300.5)


@SAME_ENVIRONMENT
@given(st.binary(max_size=60))
def test_only_the_bytes_that_were_signed(body: bytes) -> None:
    """Any other body under a genuine signature is refused."""
    assert _verify(sign([NEW], NOW, BODY), body) is (body == BODY)


@SAME_ENVIRONMENT
@given(st.text(max_size=80))
def test_no_header_but_a_genuine_one(header: str) -> None:
    """Any text: refused, and never another error than ValueError."""
    assert not _verify(header)


@SAME_ENVIRONMENT
@given(st.lists(st.sampled_from(["t=1893456000", "t=", "v1=0", "v0=0", "t", "=", ""]), max_size=5))
def test_no_header_made_of_the_right_parts(parts: list[str]) -> None:
    """Parts of a signature are no signature."""
    assert not _verify(",".join(parts))


def test_a_second_timestamp_is_refused() -> None:
    """Two stamps, one of them signed, are ambiguous."""
    genuine = sign([NEW], NOW - 9999, BODY)

    assert not _verify(f"t={NOW},{genuine}")
    assert not _verify(f"{genuine},t={NOW}")
