"""Keys, booking secrets and feed addresses name their tenant; older ones still work."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from dev.stack import ses
from tests.functions.test_waitlist import deliver, joined, release
from tests.harness.database.tenants import add_key, new_key
from tests.harness.system.in_process import System
from tests.harness.system.problems import refused
from tests.harness.system.setup import TEN, forget_requests

OTHER = TEN.replace("T10", "T14")
KEY = "5d0e7c7a-6f0b-4f57-9d0e-3a6a1b1f0a11"


def _old_key(system: System, kind: str = "publishable") -> str:
    """A key of this tenant from before keys named it."""
    key = new_key("pk" if kind == "publishable" else "sk")
    add_key(system.database, system.tenant.tenant_id, kind, key)
    return key


def _named(system: System) -> str:
    return UUID(system.tenant.tenant_id).hex


def _read(system: System, booking: dict[str, Any], secret: str, key: str = "publishable") -> int:
    return system.request("GET", f"/v1/bookings/{booking['id']}", key=key, secret=secret).status


def test_secrets_are_written_as_the_key_is(system: System) -> None:
    """A caller with an old key gets secrets of the old form; each opens its booking under both
    keys.
    """
    old_key = _old_key(system)
    new = system.hold(TEN)
    old = system.request("POST", "/v1/holds", system.hold_body(OTHER), key=old_key).body

    assert re.fullmatch(rf"hss_{_named(system)}_[0-9a-f]{{64}}", new["client_secret"])
    assert re.fullmatch(r"bks_[A-Za-z0-9_-]{43}", old["client_secret"])
    for held in (new, old):
        for key in ("publishable", old_key):
            assert _read(system, held, held["client_secret"], key) == 200
    assert _read(system, new, old["client_secret"]) == 404


def test_a_repeat_under_a_new_key_has_the_same_secret(system: System) -> None:
    """Written differently, it opens the same booking; so does the first one."""
    old_key = _old_key(system)
    system.database.execute(
        "update core.api_keys as k set first_id = f.id from core.api_keys as f"
        " where k.kind = 'publishable' and f.kind = k.kind and f.label = 'test' and k.id <> f.id"
    )
    body = system.hold_body(TEN)
    first = system.request("POST", "/v1/holds", body, key=old_key, idempotency_key=KEY).body
    forget_requests(system)

    again = system.request("POST", "/v1/holds", body, idempotency_key=KEY).body

    assert again["id"] == first["id"]
    assert again["client_secret"] != first["client_secret"]
    assert {_read(system, first, told["client_secret"]) for told in (first, again)} == {200}


def test_the_tenant_in_a_secret_opens_nothing(system: System) -> None:
    """It only says where to look. Under another tenant's key the booking still does not exist."""
    held = system.hold(TEN)
    elsewhere = held["client_secret"].replace(_named(system), "0" * 32)
    changed = held["client_secret"][:-1] + ("0" if held["client_secret"][-1] != "0" else "1")

    assert _read(system, held, elsewhere) == 200
    assert _read(system, held, changed) == 404


@pytest.mark.parametrize(("of_old", "start"), [(False, "hss_"), (True, "bks_")])
def test_a_letter_is_written_as_its_pages_key(system: System, of_old: bool, start: str) -> None:
    """The page gets the secret in the form that its key gets."""
    key = _old_key(system) if of_old else system.credential("publishable")
    system.database.execute(
        "update core.tenants set page_url = %s", f"https://studio.example/?key={key}"
    )
    held = system.hold(TEN)
    place = joined(system)
    release(system, held)
    deliver(system)

    (letter,) = ses.to(place["customer"]["email"])
    link = letter["Content"]["Simple"]["Body"]["Text"]["Data"].partition("Take it here: ")[2]
    (secret,) = parse_qs(urlsplit(link.strip()).fragment)["secret"]
    answer = system.request("GET", f"/v1/waitlist/{place['id']}", secret=secret)
    assert secret.startswith(start)
    assert answer.body["offer"] is not None


def test_addresses_of_feeds_name_their_tenant(system: System) -> None:
    """An old one is found by its token alone; one that names a tenant is looked up there."""
    path = f"/v1/catalogue/resources/{system.resource['id']}/calendar-feeds"
    new = system.request("POST", path, key="secret").body["url"]
    old = system.request("POST", path, key=_old_key(system, "secret")).body["url"]
    named = _named(system)

    assert re.search(rf"/cal_{named}_[0-9a-f]{{64}}\.ics$", new)
    assert re.search(r"/cal_[A-Za-z0-9_-]{43}\.ics$", old)
    for url in (new, old):
        assert system.request("GET", urlsplit(url).path, key=None).status == 200
    elsewhere = urlsplit(new.replace(named, "0" * 32)).path
    refused(system, lambda: system.request("GET", elsewhere, key=None), 404, "not_found")
