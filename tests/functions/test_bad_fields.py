"""Invalid fields: refused by name, and nothing changes."""

from typing import Any

import pytest

from tests.harness.system.in_process import System
from tests.harness.system.problems import refused
from tests.harness.system.setup import TEN

CUSTOMER = {"name": "Grace Hopper", "email": "grace@example.com"}
CONTROLS = {
    "null": "a\x00b",
    "bell": "a\x07b",
    "escape": "\x1b[31mred",
    "delete": "a\x7fb",
    "C1": "a\x9bb",
    "bidi override": "evil\u202egnp.exe",
    "bidi isolate": "a\u2066b\u2069",
    "lone surrogate": "a\ud800b",
}


def _refuse(shared_system: System, changes: dict[str, Any], field: str) -> None:
    body = shared_system.hold_body(TEN) | changes
    answer = refused(
        shared_system,
        lambda: shared_system.request("POST", "/v1/holds", body),
        422,
        "invalid_request",
    )

    assert field in [each["field"] for each in answer.body["errors"]]


@pytest.mark.parametrize("text", CONTROLS.values(), ids=CONTROLS)
@pytest.mark.parametrize("field", ["name", "notes"])
def test_text_is_for_reading(shared_system: System, field: str, text: str) -> None:
    """Control characters, reordering marks and lone surrogates are never stored.

    Cases: P-12
    Proves: ASVS 1.3.3, 2.2.1
    """
    if field == "name":
        _refuse(shared_system, {"customer": CUSTOMER | {"name": text}}, "customer.name")
    else:
        _refuse(shared_system, {"notes": text}, "notes")


@pytest.mark.parametrize("text", ["line\nbreak", "tab\there", "carriage\rreturn"])
def test_a_name_is_one_line(shared_system: System, text: str) -> None:
    """Line breaks are allowed in notes, not in names, which are used in e-mail headers.

    Cases: P-12
    Proves: ASVS 1.2.1, 1.3.11
    """
    _refuse(shared_system, {"customer": CUSTOMER | {"name": text}}, "customer.name")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customer": CUSTOMER | {"name": "x" * 201}}, "customer.name"),
        ({"customer": CUSTOMER | {"name": ""}}, "customer.name"),
        ({"customer": CUSTOMER | {"name": " \u2003 "}}, "customer.name"),
        ({"customer": CUSTOMER | {"email": "a" * 250 + "@example.com"}}, "customer.email"),
        ({"notes": "x" * 2001}, "notes"),
        ({"tier": "x" * 41}, "tier"),
        ({"tier": "Premium"}, "tier"),
        ({"package": "a b"}, "package"),
        ({"tier": ""}, "tier"),
    ],
)
def test_text_has_a_length(shared_system: System, changes: dict[str, Any], field: str) -> None:
    """Empty and overlong texts are refused.

    Cases: P-12
    Proves: ASVS 1.3.3, 2.2.1
    """
    _refuse(shared_system, changes, field)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "grace",
        "grace@",
        "@example.com",
        "grace@example",
        "grace@@example.com",
        "gr ace@example.com",
        "grace@exa mple.com",
        "grace@example.com\nbcc: all@example.com",
        "grace@-example.com",
        "grace@example..com",
        ".grace@example.com",
        "grace@[127.0.0.1]",
        None,
        1,
        ["grace@example.com"],
    ],
)
def test_a_bad_email_address_is_refused(shared_system: System, email: Any) -> None:
    """Addresses that no mail server would accept, or that would smuggle a header.

    Cases: P-12
    Proves: ASVS 1.3.11, 2.2.1
    """
    _refuse(shared_system, {"customer": CUSTOMER | {"email": email}}, "customer.email")


@pytest.mark.parametrize(
    "phone",
    ["", "12345", "030 901820", "+49", "+999999999999", "+1 555", "call me", "+4930\x00901820",
     "+" + "1" * 50, 4930901820],
)  # fmt: skip
def test_a_bad_phone_number_is_refused(shared_system: System, phone: Any) -> None:
    """Only a possible international number is accepted.

    Cases: P-12
    """
    _refuse(shared_system, {"customer": CUSTOMER | {"phone": phone}}, "customer.phone")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"discount": 10}, "discount"),
        ({"status": "scheduled"}, "status"),
        ({"id": "00000000-0000-7000-8000-000000000000"}, "id"),
        ({"tenant_id": "00000000-0000-7000-8000-000000000000"}, "tenant_id"),
        ({"customer": CUSTOMER | {"role": "admin"}}, "customer.role"),
        ({"__proto__": {}}, "__proto__"),
    ],
)
def test_unknown_fields_are_refused(
    shared_system: System, changes: dict[str, Any], field: str
) -> None:
    """Unknown fields are never assigned.

    Cases: P-12
    Proves: ASVS 8.2.3, 15.3.3, API3:2023
    """
    _refuse(shared_system, changes, field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"resource_id": "1"}, "resource_id"),
        ({"resource_id": None}, "resource_id"),
        ({"resource_id": 1}, "resource_id"),
        ({"offering_id": {}}, "offering_id"),
        ({"customer": "Grace"}, "customer"),
        ({"customer": []}, "customer"),
        ({"notes": 1}, "notes"),
        ({"tier": None}, "tier"),
    ],
)
def test_fields_have_types(shared_system: System, changes: dict[str, Any], field: str) -> None:
    """A value of another type is not converted.

    Cases: P-12
    Proves: ASVS 2.2.1, 15.3.5
    """
    _refuse(shared_system, changes, field)


@pytest.mark.parametrize(
    "spelling",
    ["price", "amount", "currency", "rate", "total", "unit_amount", "amount_total"],
)
@pytest.mark.parametrize("value", [1, "1", {"amount": 1, "currency": "GBP"}, None])
def test_a_price_in_a_request_is_refused(shared_system: System, spelling: str, value: Any) -> None:
    """Prices come from the catalogue: a price in a request is refused with its own code.

    Cases: E-10.5, A-1, P-2
    Proves: ASVS 2.2.2, 15.3.3, API3:2023
    """
    body = shared_system.hold_body(TEN) | {spelling: value}
    refused(
        shared_system,
        lambda: shared_system.request("POST", "/v1/holds", body),
        422,
        "price_not_accepted",
    )


def test_a_price_hidden_in_the_customer_is_refused(shared_system: System) -> None:
    """A price below the top level is refused too.

    Cases: E-10.5, A-1
    """
    body = shared_system.hold_body(TEN) | {"customer": CUSTOMER | {"price": 1}}
    refused(
        shared_system,
        lambda: shared_system.request("POST", "/v1/holds", body),
        422,
        "price_not_accepted",
    )


@pytest.mark.parametrize(
    "changes", [{"tier": "gold"}, {"package": "dozen"}, {"tier": "single", "package": "standard"}]
)
def test_a_tier_and_package_must_have_a_price(
    shared_system: System, changes: dict[str, Any]
) -> None:
    """A combination that the catalogue does not have cannot be booked.

    Cases: P-2
    Proves: ASVS 2.2.3
    """
    body = shared_system.hold_body(TEN) | changes
    refused(
        shared_system, lambda: shared_system.request("POST", "/v1/holds", body), 422, "not_priced"
    )


@pytest.mark.parametrize("field", ["resource_id", "offering_id"])
def test_unknown_ids_are_not_found(shared_system: System, field: str) -> None:
    """A resource or offering that does not exist: 404."""
    body = shared_system.hold_body(TEN) | {field: "00000000-0000-7000-8000-000000000000"}
    refused(
        shared_system, lambda: shared_system.request("POST", "/v1/holds", body), 404, "not_found"
    )


def test_an_offering_of_another_resource_is_not_found(shared_system: System) -> None:
    """The studio's class cannot be booked with the tutor.

    Proves: ASVS 2.2.3
    """
    body = shared_system.hold_body(TEN) | {
        "offering_id": shared_system.studio["offerings"][0]["id"]
    }
    refused(
        shared_system, lambda: shared_system.request("POST", "/v1/holds", body), 404, "not_found"
    )
