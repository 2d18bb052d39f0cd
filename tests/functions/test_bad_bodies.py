"""Bodies that are not valid requests: each is refused with its own code, and nothing changes."""

import base64
import json
import random
import time
from typing import Any

import pytest

from tests.harness.system.in_process import RETURN_ADDRESSES, Answer, System
from tests.harness.system.problems import refused
from tests.harness.system.setup import TEN

JSON = {"content-type": "application/json"}


def _post(shared_system: System, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    return shared_system.request(
        "POST", "/v1/holds", body, headers=JSON if headers is None else headers
    )


@pytest.fixture(scope="module")
def good(shared_system: System) -> bytes:
    """A body that would be accepted without what each test does to it."""
    return json.dumps(shared_system.hold_body(TEN)).encode()


NOT_JSON = {
    "truncated": b'{"resource_id": "9fd6',
    "no closing brace": b'{"notes": "x"',
    "NaN": b'{"notes": NaN}',
    "infinity": b'{"notes": -Infinity}',
    "twice the same member": b'{"notes": "a", "notes": "b"}',
    "the same member twice below": b'{"customer": {"name": "a", "name": "b"}}',
    "too deep": b'{"notes": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "a number of thousands of digits": b'{"notes": ' + b"9" * 5_000 + b"}",
    "single quotes": b"{'notes': 'x'}",
    "trailing comma": b'{"notes": "x",}',
    "two documents": b"{} {}",
    "comment": b'{"notes": "x" /* no */}',
    "XML": b"<hold/>",
    "a form": b"resource_id=1&offering_id=2",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_malformed(shared_system: System, body: bytes) -> None:
    """Strict RFC 8259: 400, in whatever way the text is broken.

    Cases: P-11, P-12
    """
    refused(shared_system, lambda: _post(shared_system, body), 400, "malformed_request")


NOT_UTF8 = {
    "Latin-1": '{"notes": "Grüße"}'.encode("latin-1"),
    "UTF-16": '{"notes": "x"}'.encode("utf-16"),
    "overlong": b'{"notes": "\xc0\x80"}',
    "encoded surrogate": b'{"notes": "\xed\xa0\x80"}',
    "cut in a character": b'{"notes": "\xe2\x82',
}


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
@pytest.mark.parametrize("body", NOT_UTF8.values(), ids=NOT_UTF8)
def test_what_is_not_utf8_is_malformed(shared_system: System, body: bytes, kind: str) -> None:
    """Bytes that are not UTF-8 are malformed, whatever charset is declared: text is never altered.

    Cases: P-11, P-12
    """
    refused(
        shared_system,
        lambda: _post(shared_system, body, {"content-type": kind}),
        400,
        "malformed_request",
    )


@pytest.mark.parametrize("body", NOT_UTF8.values(), ids=NOT_UTF8)
def test_what_was_made_utf8_on_the_way_is_malformed(shared_system: System, body: bytes) -> None:
    """A service on the way that writes U+FFFD where it cannot read creates no customer `Gr��e`."""
    altered = body.decode("utf-8", "replace").encode()
    refused(shared_system, lambda: _post(shared_system, altered), 400, "malformed_request")


def test_an_escaped_replacement_character_is_text(shared_system: System, good: bytes) -> None:
    """U+FFFD can still be sent as a JSON escape."""
    body = json.loads(good) | {"notes": "\ufffd", "pool_id": 1}  # refused for its content
    answer = _post(shared_system, json.dumps(body).encode())

    assert answer.status == 422


NO_OBJECTS = {"empty": b"", "null": b"null", "array": b"[]", "text": b'"x"', "number": b"1"}


@pytest.mark.parametrize("body", NO_OBJECTS.values(), ids=NO_OBJECTS)
def test_a_body_that_is_no_object_is_invalid(shared_system: System, body: bytes) -> None:
    """JSON, but not a request: 422.

    Cases: P-12
    """
    answer = refused(shared_system, lambda: _post(shared_system, body), 422, "invalid_request")

    assert answer.body["errors"]


def test_an_empty_object_names_what_is_missing(shared_system: System) -> None:
    """Every missing field is named, once."""
    answer = refused(shared_system, lambda: _post(shared_system, b"{}"), 422, "invalid_request")

    assert {"resource_id", "offering_id", "customer"} == {
        each["field"] for each in answer.body["errors"]
    }


TYPES = {
    "plain": {"content-type": "text/plain"},
    "form": {"content-type": "application/x-www-form-urlencoded"},
    "multipart": {"content-type": "multipart/form-data; boundary=x"},
    "form in capitals": {"content-type": "Application/X-WWW-Form-URLencoded; charset=utf-8"},
    "XML": {"content-type": "application/xml"},
}


@pytest.mark.parametrize("headers", TYPES.values(), ids=TYPES)
def test_a_body_of_another_type_is_refused(
    shared_system: System, good: bytes, headers: dict[str, str]
) -> None:
    """A form, which another site's page could post, is never read as JSON: 415.

    Cases: P-12
    Proves: ASVS 3.5.1, 3.5.2
    """
    refused(
        shared_system, lambda: _post(shared_system, good, headers), 415, "unsupported_media_type"
    )


def _spelled(word: str, chance: random.Random) -> str:
    return "".join(chance.choice((letter.lower(), letter.upper())) for letter in word)


def _spellings(chance: random.Random) -> str:
    """application/json in the spellings that RFC 9110 allows."""
    said = _spelled("application", chance) + "/" + _spelled("json", chance)
    for _ in range(chance.randrange(4)):
        said += chance.choice(("", " ", "\t", "  ")) + ";" + chance.choice(("", " ", "\t "))
        said += chance.choice(
            (
                "",
                f"{_spelled('charset', chance)}={_spelled('utf-8', chance)}",
                f'{_spelled("charset", chance)}="{_spelled("utf-8", chance)}"',
                "profile=x",
                'v="a;b, \\" c"',
            )
        )
    return said


@pytest.mark.parametrize("seed", range(24))
def test_json_is_json_however_it_is_spelled(shared_system: System, good: bytes, seed: int) -> None:
    """Case does not matter and parameters may follow: the body is read, and validated."""
    said = _spellings(random.Random(seed))
    body = json.dumps(json.loads(good) | {"amount": 1}).encode()

    refused(
        shared_system,
        lambda: _post(shared_system, body, {"content-type": said}),
        422,
        "price_not_accepted",
    )


NOT_JSON_TYPES = [
    *("application/jsonp", "application/json5", "application/jsonx", "xapplication/json"),
    *("application/json+xml", "application/ld+json", "application/problem+json", "text/json"),
    *("application/json/x", "application", "json", "application/", "/json", "application json"),
    *(
        "application /json",
        "application/ json",
        "application/json x",
        "application/json,text/plain",
    ),
    *("application/json, application/json", "*/*", "application/*", "application/json; charset"),
    *("application/json; charset=latin-1", 'application/json; Charset="ISO-8859-1"'),
    *("application/json; charset=utf-8; charset=utf-16", "application/json; charset=utf-16le"),
    *(
        "application/json; =x",
        'application/json; a="',
        "application/json; a=b c",
        '"application/json"',
    ),
]


@pytest.mark.parametrize("said", NOT_JSON_TYPES)
@pytest.mark.parametrize("upper", [False, True])
def test_what_only_looks_like_json_is_refused(
    shared_system: System, good: bytes, said: str, upper: bool
) -> None:
    """A type that begins like JSON's, or a list, or another encoding, is 415.

    Cases: P-12
    """
    named = {"content-type": said.upper() if upper else said}
    refused(shared_system, lambda: _post(shared_system, good, named), 415, "unsupported_media_type")


@pytest.mark.parametrize("filling", ["; ", ";a=b ", ' ;a="\\"', "a", ";\t \t"])
def test_a_long_media_type_is_judged_at_once(
    shared_system: System, good: bytes, filling: str
) -> None:
    """The longest value that a header can have does not slow down the pattern."""
    said = {"content-type": "application/json" + filling * (9_000 // len(filling)) + "\x7f"}
    began = time.monotonic()
    refused(shared_system, lambda: _post(shared_system, good, said), 415, "unsupported_media_type")

    assert time.monotonic() - began < 1


@pytest.mark.parametrize("size", [64 * 1024 + 1, 200_000])
def test_a_large_body_is_refused_unread(shared_system: System, size: int) -> None:
    """More than 64 KiB is more than any request needs: 413.

    Cases: P-12
    Proves: ASVS 15.2.2, API4:2023
    """
    refused(shared_system, lambda: _post(shared_system, b" " * size), 413, "body_too_large")


def test_a_large_body_in_base64_is_measured_in_bytes(shared_system: System) -> None:
    """The bytes that were sent count, not the characters of their base64."""
    binary = {"content-type": "application/octet-stream"}
    refused(
        shared_system,
        lambda: _post(shared_system, b" " * (64 * 1024 + 1), binary),
        413,
        "body_too_large",
    )


def test_the_largest_body_is_read(shared_system: System) -> None:
    """64 KiB exactly are read, and then validated."""
    body = b'{"x": "' + b"a" * (64 * 1024 - 9) + b'"}'
    assert len(body) == 64 * 1024

    refused(shared_system, lambda: _post(shared_system, body), 422, "invalid_request")


def test_broken_base64_is_malformed(shared_system: System) -> None:
    """A body that is declared as base64 and is not: 400, not 500.

    Proves: ASVS 1.1.1
    """
    function = "checkout"
    request: dict[str, Any] = {
        "version": "2.0",
        "rawPath": "/v1/holds",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "requestId": "r-1",
            "http": {"method": "POST", "path": "/v1/holds"},
            "stage": "$default",
        },
        "body": base64.b64encode(b"{}").decode()[:-1],
        "isBase64Encoded": True,
    }
    refused(
        shared_system,
        lambda: shared_system.answer(shared_system.invoke(function, request)),
        400,
        "malformed_request",
    )


def test_a_form_is_no_checkout_request(shared_system: System) -> None:
    """A form is refused for its type, even if its fields would fit.

    Proves: ASVS 3.5.2
    """
    body = b"success_url=https%3A%2F%2Fa.example%2F&cancel_url=https%3A%2F%2Fa.example%2F"
    refused(
        shared_system,
        lambda: shared_system.request(
            "POST",
            "/v1/bookings/00000000-0000-7000-8000-000000000000/checkout",
            body,
            headers={"content-type": "application/x-www-form-urlencoded"},
        ),
        415,
        "unsupported_media_type",
    )


CHECKOUTS: dict[str, tuple[Any, int, str]] = {
    "no addresses": ({}, 422, "invalid_request"),
    "script": (RETURN_ADDRESSES | {"success_url": "javascript:alert(1)"}, 422, "invalid_request"),
    "data": (RETURN_ADDRESSES | {"cancel_url": "data:text/html,x"}, 422, "invalid_request"),
    "with a password": (
        RETURN_ADDRESSES | {"success_url": "https://a:b@shop.example/"},
        422,
        "invalid_request",
    ),
    "no host": (RETURN_ADDRESSES | {"success_url": "https:///thanks"}, 422, "invalid_request"),
    "white space": (RETURN_ADDRESSES | {"success_url": "https://a.example/ b"}, 422,
                    "invalid_request"),
    "control": (RETURN_ADDRESSES | {"success_url": "https://a.example/\x07"}, 422,
                "invalid_request"),
    "bad port": (RETURN_ADDRESSES | {"success_url": "https://a.example:x/"}, 422,
                 "invalid_request"),
    "too long": (RETURN_ADDRESSES | {"success_url": "https://a.example/" + "a" * 2048}, 422,
                 "invalid_request"),
    "unknown field": (RETURN_ADDRESSES | {"mode": "setup"}, 422, "invalid_request"),
    "a price": (RETURN_ADDRESSES | {"amount": 1}, 422, "price_not_accepted"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHECKOUTS.values(), ids=CHECKOUTS)
def test_return_addresses_are_web_addresses(
    shared_system: System, case: tuple[Any, int, str]
) -> None:
    """A checkout's addresses are http or https, of limited length; others are refused.

    Cases: P-12, A-1
    Proves: ASVS 1.2.2
    """
    body, status, code = case
    held = {"id": "00000000-0000-7000-8000-000000000000"}
    refused(
        shared_system,
        lambda: shared_system.request(
            "POST", f"/v1/bookings/{held['id']}/checkout", body, key="secret"
        ),
        status,
        code,
    )
