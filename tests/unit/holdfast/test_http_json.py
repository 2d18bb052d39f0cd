"""Reading requests: strict JSON, sizes in bytes, and Pydantic's findings as errors."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.api import http
from holdfast.platform import errors

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_json_comes_in_as_it_was_sent(value: Any, ascii_only: bool) -> None:
    """Every JSON document, escaped or not."""
    assert http._parse_json(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.text(max_size=60))
def test_text_is_json_or_refused(text: str) -> None:
    """Any text: a value, or the one error that the resolver understands."""
    try:
        http._parse_json(text)
    except json.JSONDecodeError:
        return
    json.loads(text)  # nothing is accepted that the standard parser refuses


@pytest.mark.parametrize(
    "text",
    ["NaN", "Infinity", "-Infinity", '{"a": NaN}', "[1, Infinity]", '{"a": 1, "a": 1}',
     '{"x": {"a": 1, "b": 2, "a": 3}}', '[{"": 1, "": 2}]', "[" * 100_000, '{"a":' * 100_000,
     "1" * 10_000, "-" + "9" * 5_000, "", " ", "nul", "01", "1.", "+1", "'a'", '"\t"', '"\\x"'],
    ids=range(21),
)  # fmt: skip
def test_what_rfc_8259_does_not_know_is_refused(text: str) -> None:
    """Constants, duplicate keys, endless nesting and endless numbers too.

    Cases: P-12
    Proves: ASVS 1.4.2, 15.3.7
    """
    with pytest.raises(json.JSONDecodeError):
        http._parse_json(text)


@given(st.binary(max_size=200))
def test_base64_and_text_are_the_same_bytes(body: bytes) -> None:
    """In whatever form AWS passes a body, its bytes are restored.

    Proves: ASVS 1.1.1
    """
    wrapped = {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}

    assert http.raw_body(wrapped) == body


@pytest.mark.parametrize("event", [{}, {"body": None}, {"body": ""}])
def test_no_body_is_an_empty_one(event: dict[str, Any]) -> None:
    """API Gateway leaves it out, or sends null."""
    assert http.raw_body(event) == b""


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ("a" * http.MAX_BODY_BYTES, True),
        ("a" * (http.MAX_BODY_BYTES + 1), False),
        ("é" * (http.MAX_BODY_BYTES // 2), True),
        ("é" * (http.MAX_BODY_BYTES // 2 + 1), False),
        ("a" * 10**7, False),
    ],
    ids=range(5),
)
def test_the_limit_is_in_bytes(body: str, fits: bool) -> None:
    """64 KiB of UTF-8, or of what the base64 stands for."""
    for event in (
        {"body": body},
        {"body": base64.b64encode(body.encode()).decode(), "isBase64Encoded": True},
    ):
        if fits:
            assert http.raw_body(event) == body.encode()
        else:
            with pytest.raises(errors.BodyTooLarge):
                http.raw_body(event)


@pytest.mark.parametrize("body", ["a", "abc", "YQ="])
def test_broken_base64_is_malformed(body: str) -> None:
    """What cannot be decoded is the caller's fault."""
    with pytest.raises(errors.MalformedRequest):
        http.raw_body({"body": body, "isBase64Encoded": True})


def test_a_lone_surrogate_is_malformed() -> None:
    """JSON from API Gateway could contain one; UTF-8 cannot."""
    with pytest.raises(errors.MalformedRequest):
        http.raw_body({"body": "\ud800"})


def _finding(kind: str, *place: str) -> dict[str, Any]:
    return {"type": kind, "loc": ("body", *place), "msg": "Value error, must not be so"}


def test_findings_become_fields_and_messages() -> None:
    """Each finding names its field as a path, and says what is wrong in plain words."""
    error = http._invalid([_finding("value_error", "customer", "name"), _finding("missing")])

    assert isinstance(error, errors.InvalidRequest)
    assert error.extra["errors"] == [
        {"field": "customer.name", "message": "must not be so"},
        {"field": "body", "message": "must not be so"},
    ]


def test_broken_json_outweighs_everything() -> None:
    """A body that cannot be read has no fields to report."""
    error = http._invalid([_finding("json_invalid", "3"), _finding("missing", "x")])

    assert isinstance(error, errors.MalformedRequest)


@pytest.mark.parametrize("name", sorted(http._PRICE_FIELDS))
def test_a_price_outweighs_other_mistakes(name: str) -> None:
    """Wherever it is, it is refused with its own code.

    Cases: E-10.5, A-1
    """
    for place in ((name,), ("customer", name)):
        findings = [_finding("missing", "resource_id"), _finding("extra_forbidden", *place)]

        assert isinstance(http._invalid(findings), errors.PriceNotAccepted)
