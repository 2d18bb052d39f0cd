"""Where a payment page may lead: for a browser to the tenant's list, for a server to any safe
site.
"""

from typing import Any

import pytest

from tests.harness.system.in_process import RETURN_ADDRESSES, Answer, System
from tests.harness.system.problems import assert_problem, refused
from tests.harness.system.setup import sessions

LISTED = ("https://studio.example", "https://book.studio.example:8443", "http://localhost:*")
FIELDS = ("success_url", "cancel_url")

GOOD = (
    "https://studio.example",
    "https://studio.example/",
    "https://studio.example/thanks?session={CHECKOUT_SESSION_ID}#done",
    "https://studio.example?x=https://evil.example",
    "https://studio.example#@evil.example",
    "HTTPS://Studio.EXAMPLE/thanks",
    "https://studio.example:443/thanks",
    "https://book.studio.example:8443/",
    "http://localhost/",
    "http://localhost:8080/#book",
    "https://booking.example/",  # the deployment's own page, as template.yaml has it
)
UNLISTED = (
    "https://evil.example/phish",
    "https://studio.example.evil.example/",
    "https://evil.example/https://studio.example/",
    "https://evil-studio.example/",
    "https://sub.studio.example/",
    "https://studio.example:8443/",
    "https://book.studio.example/",
    "https://[::1]/",
    "https://169.254.169.254/",
    "https://localhost/",
    "http://127.0.0.1:8080/",
)
NEVER = (
    "http://studio.example/",
    "http://evil.example/",
    "http://169.254.169.254/latest/meta-data/",
    "http://localhost.evil.example/",
    "http://localhost.:8080/",
    "https://studio.example\\.evil.example/",
    "https://stüdio.example/",
    "https://studio.example%2eevil.example/",
    "https://studio。example/",
)
SYNTAX = (
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example/",
    "https:///studio.example",
    "https:studio.example",
    "https://user@studio.example/",
    "https://studio.example@evil.example/",
    "https://studio.example\\@evil.example/",
    "https://studio.example:x/",
    " https://studio.example/",
    "https://studio.example/\r\nLocation: https://evil.example",
    "https://studio.example/\u202e",
    "",
)


@pytest.fixture(scope="module")
def held(shared_system: System) -> dict[str, Any]:
    """A hold for which every address is tried."""
    shared_system.database.execute("update core.tenants set return_origins = %s", list(LISTED))
    return shared_system.hold()


def _begin(
    shared_system: System, held: dict[str, Any], field: str, address: str, key: str = "publishable"
) -> Answer:
    return shared_system.request(
        "POST",
        f"/v1/bookings/{held['id']}/checkout",
        RETURN_ADDRESSES | {field: address},
        secret=held["client_secret"],
        key=key,
    )


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("address", [*UNLISTED, *NEVER])
def test_a_browser_is_led_nowhere_else(
    shared_system: System, held: dict[str, Any], field: str, address: str
) -> None:
    """The publishable key is public, and must not decide where a customer goes after paying. 422
    names the field, and nothing is begun.

    Cases: P-12
    Proves: ASVS 3.7.2
    """
    answer = refused(
        shared_system,
        lambda: _begin(shared_system, held, field, address),
        422,
        "return_address_refused",
    )

    assert answer.body["field"] == field
    assert sessions(shared_system, held) == []


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("address", NEVER)
def test_a_server_is_held_to_https_as_well(
    shared_system: System, held: dict[str, Any], field: str, address: str
) -> None:
    """It may name any site, but none in the clear, and no address that browsers read in two
    ways.
    """
    refused(
        shared_system,
        lambda: _begin(shared_system, held, field, address, "secret"),
        422,
        "return_address_refused",
    )


@pytest.mark.parametrize("key", ["publishable", "secret"])
@pytest.mark.parametrize("address", SYNTAX)
def test_what_is_no_web_address_is_refused_as_such(
    shared_system: System, held: dict[str, Any], address: str, key: str
) -> None:
    """Refused by the model, for every key."""
    refused(
        shared_system,
        lambda: _begin(shared_system, held, "cancel_url", address, key),
        422,
        "invalid_request",
    )


@pytest.mark.parametrize("address", GOOD)
def test_what_is_listed_is_led_to(system: System, address: str) -> None:
    """However it is spelt, whatever its path; any port of this machine; the deployment's page."""
    system.database.execute("update core.tenants set return_origins = %s", list(LISTED))
    held = system.hold()

    answer = _begin(system, held, "cancel_url", address)

    assert answer.status == 200, answer
    (session,) = system.double.documents("checkout.session")
    assert session.body["cancel_url"] == address


@pytest.mark.parametrize("address", ["https://anywhere.example/", "http://127.0.0.1:3000/"])
def test_a_server_chooses_freely(system: System, address: str) -> None:
    """A server's address need not be listed."""
    system.database.execute("update core.tenants set return_origins = '{}'")
    held = system.hold()

    answer = _begin(system, held, "success_url", address, "secret")

    assert answer.status == 200, answer


def test_an_empty_list_is_the_booking_page_alone(system: System) -> None:
    """That is what a new tenant has."""
    system.database.execute("update core.tenants set return_origins = '{}'")
    held = system.hold()
    page = {
        "success_url": "https://booking.example/?done",
        "cancel_url": "https://booking.example/",
    }

    assert_problem(system.begin_checkout(held), 422, "return_address_refused")
    assert system.begin_checkout(held, **page).status == 200


def test_the_tenants_own_page_is_led_to(system: System) -> None:
    """It need not be listed."""
    system.database.execute(
        "update core.tenants set return_origins = '{}', page_url = 'https://shop.example/?key=pk'"
    )
    held = system.hold()
    page = {
        "success_url": "https://shop.example/?done",
        "cancel_url": "https://shop.example/",
    }

    assert system.begin_checkout(held, **page).status == 200


def test_a_tenant_older_than_the_list_goes_on_working(system: System) -> None:
    """Until it has a list, its browsers may name any address over https, and none in the clear."""
    system.database.execute("update core.tenants set return_origins = null")
    held = system.hold()

    assert_problem(
        system.begin_checkout(held, cancel_url="http://anywhere.example/"),
        422,
        "return_address_refused",
    )
    assert system.begin_checkout(held, cancel_url="https://anywhere.example/").status == 200


def test_a_listed_page_does_not_hide_another(system: System) -> None:
    """The open page leads to a server's address; a browser that asks for it is refused."""
    held = system.hold()
    elsewhere = {"success_url": "https://anywhere.example/"}
    first = _begin(system, held, "success_url", elsewhere["success_url"], "secret")
    assert first.status == 200, first

    assert_problem(system.begin_checkout(held, **elsewhere), 422, "return_address_refused")
    assert len(sessions(system, held)) == 1
