"""What is logged of a request and of a fault, and what is not."""

import json
from typing import Any

import pytest

from holdfast.platform import observability
from holdfast.platform.observability import Failed, comment, described, instrument


class Context:
    """What Lambda passes to a handler."""

    function_name = "CheckoutFunction"
    aws_request_id = "5d0e7c7a-6f0b-4f57-9d0e-3a6a1b1f0a11"


def _seen(event: Any) -> str:
    """The comment at the end of SQL while an event is handled."""
    return str(instrument(lambda _event, _context: comment())(event, Context()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("request_id", "expected"),
    [
        ("JKJaXmPLvHcESHA=", " /* request_id='JKJaXmPLvHcESHA=' */"),
        ("a */ drop table x; --%s", " /* request_id='adroptablex--s' */"),
        ("é\n'", ""),
        ("x" * 300, f" /* request_id='{'x' * 80}' */"),
    ],
)
def test_a_comment_holds_an_id_and_nothing_else(request_id: str, expected: str) -> None:
    """It cannot end the comment, begin a placeholder, or be long.

    Proves: ASVS 1.2.4, 16.4.1
    """
    assert _seen({"requestContext": {"requestId": request_id}}) == expected


def test_what_no_request_began_has_the_id_of_its_invocation() -> None:
    """A schedule's event has no request."""
    assert _seen({}) == f" /* request_id='{Context.aws_request_id}' */"


def test_outside_of_an_invocation_there_is_no_comment() -> None:
    """Nothing is left over from an earlier one."""
    _seen({"requestContext": {"requestId": "earlier"}})

    assert comment() == ""


def _raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except type(error) as raised:
        return raised


def test_an_exception_is_described_without_its_text() -> None:
    """Kind, place and what caused it."""
    cause = _raised(KeyError("grace@example.com"))
    found = described(_raised(ValueError("Grace Hopper"), cause))

    assert found["error"] == "builtins.ValueError"
    assert found["causes"] == ["builtins.KeyError"]
    assert found["where"][-1].endswith(" _raised")
    assert "race" not in json.dumps({**found, "where": None})


def test_a_ring_of_causes_has_an_end() -> None:
    """Exceptions may have caused each other."""
    one, other = ValueError("one"), KeyError("other")
    one.__context__, other.__context__ = other, one

    assert described(one)["causes"] == ["builtins.KeyError"]


def test_a_fault_leaves_an_invocation_without_its_text() -> None:
    """Lambda would log it.

    Proves: ASVS 16.3.4, 16.5.1
    """

    def handler(_event: Any, _context: Any) -> None:
        raise ValueError("Grace Hopper")

    with pytest.raises(Failed, match=r"^ValueError$") as raised:
        instrument(handler)({}, Context())  # type: ignore[arg-type]

    assert raised.value.__suppress_context__


def test_an_unlisted_metric_is_refused() -> None:
    """Its meaning is documented nowhere."""
    with pytest.raises(KeyError):
        observability.count("Whatever")
