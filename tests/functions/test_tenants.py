"""Tenants and keys, made by the operator through the migrating function."""

import json
from typing import Any
from uuid import uuid4

import pytest

from dev.cloud.tenant import new_keys, request
from functions.migrate.app import FailedError
from tests.harness.system.in_process import System
from tests.harness.system.outages import REFUSING

Rows = list[Any]


def rows(system: System) -> Rows:
    """All tenants and keys."""
    return [
        *system.database.rows("select * from core.tenants order by id"),
        *system.database.rows("select * from core.api_keys order by id"),
    ]


def make(system: System, **changes: Any) -> Any:
    """Send a request to make a tenant; its answer."""
    tenant = str(uuid4())
    event = request(tenant, "A studio", new_keys("test", tenant), [])
    return system.invoke("migrate", {"tenant": event["tenant"] | changes})


def resources(system: System, key: str) -> Any:
    return system.request("GET", "/v1/resources", key=key)


def test_a_tenants_keys_open_its_api(system: System) -> None:
    """Both keys work at once, each as its kind; the tenant sees nothing of others."""
    tenant = str(uuid4())
    keys = new_keys("test", tenant)
    made = system.invoke("migrate", request(tenant, "A studio", keys, []))

    assert made["name"] == "A studio"
    assert {key["kind"] for key in made["keys"]} == {"publishable", "secret"}
    for key in keys.values():
        answer = resources(system, key)
        assert (answer.status, answer.body["resources"]) == (200, [])
    assert system.request("GET", "/v1/bookings", key=keys["publishable"]).status == 403
    assert system.request("GET", "/v1/bookings", key=keys["secret"]).status == 200


def test_the_same_request_again_changes_nothing(system: System) -> None:
    """The answer may be lost: the repeat makes no second tenant and no second key."""
    tenant = str(uuid4())
    event = request(tenant, "A studio", new_keys("test", tenant), [])
    first = system.invoke("migrate", event)
    before = rows(system)

    assert system.invoke("migrate", event) == first
    assert rows(system) == before


def test_keys_are_renewed_and_taken_back(system: System) -> None:
    """New ones beside the old; a revoked key is refused from then on, the others still work.

    Proves: ASVS 7.4.1
    """
    tenant = str(uuid4())
    old, new = new_keys("test", tenant), new_keys("test", tenant)
    made = system.invoke("migrate", request(tenant, "A studio", old, []))
    system.invoke("migrate", request(tenant, None, new, []))
    (secret,) = [key["id"] for key in made["keys"] if key["kind"] == "secret"]

    told = system.invoke("migrate", request(tenant, None, {}, [secret]))

    assert [key["id"] for key in told["keys"] if key["revoked_at"]] == [secret]
    assert resources(system, old["secret"]).status == 401
    for key in (old["publishable"], *new.values()):
        assert resources(system, key).status == 200


@pytest.mark.parametrize("kind", ["publishable", "secret"])
def test_a_replaced_keys_request_has_one_effect(system: System, kind: str) -> None:
    """Sent with the old key and repeated with its replacement: the same answer."""
    tenant = system.tenant.tenant_id
    (old,) = [
        row.id
        for row in system.database.rows("select id, kind from core.api_keys")
        if row.kind == kind
    ]
    new, newest = new_keys("test", tenant), new_keys("test", tenant)
    told = system.invoke("migrate", request(tenant, None, {kind: new[kind]}, [], {kind: str(old)}))
    (second,) = [key["id"] for key in told["keys"] if key["label"] == "make tenant"]
    system.invoke("migrate", request(tenant, None, {kind: newest[kind]}, [], {kind: second}))
    body, key = system.hold_body("2030-01-07T10:00:00Z"), str(uuid4())

    answers = [
        system.request("POST", "/v1/holds", body, key=by, idempotency_key=key)
        for by in (kind, new[kind], newest[kind])
    ]

    assert [answer.status for answer in answers] == [201, 201, 201]
    assert answers[0].body == answers[1].body == answers[2].body


@pytest.mark.parametrize("replaced", ["of the other kind", "unknown"])
def test_a_key_replaces_one_of_its_kind(system: System, replaced: str) -> None:
    """Neither a publishable key by a secret one, nor an unknown one; nothing is made."""
    (publishable,) = system.database.rows("select id from core.api_keys where kind = 'publishable'")
    other = str(publishable.id) if replaced == "of the other kind" else str(uuid4())
    before = rows(system)
    keys = {"secret": new_keys("test", system.tenant.tenant_id)["secret"]}

    with pytest.raises(FailedError, match="no such key of this kind to replace"):
        system.invoke(
            "migrate", request(system.tenant.tenant_id, None, keys, [], {"secret": other})
        )
    assert rows(system) == before


def test_a_tenant_has_a_page_and_limits(system: System) -> None:
    """They are set, stay when others change, and can be removed; a repeat changes nothing."""
    tenant = str(uuid4())
    keys = new_keys("test", tenant)
    page = f"https://studio.example/book?key={keys['publishable']}"
    made = system.invoke(
        "migrate",
        request(
            *(tenant, "A studio", keys, []),
            settings={"page_url": page, "limits": {"place_days": 60, "holds_per_hour": None}},
        ),
    )
    before = rows(system)
    again = system.invoke("migrate", {"tenant": {"id": tenant, "limits": {"place_days": 60}}})

    assert made == again
    assert (made["page_url"], made["limits"]["place_days"]) == (page, 60)
    assert (made["limits"]["holds_per_hour"], made["limits"]["free_lapses"]) == (None, 8)
    assert rows(system) == before
    taken = system.invoke("migrate", {"tenant": {"id": tenant, "page_url": None}})
    assert (taken["page_url"], taken["limits"]) == (None, made["limits"])


def test_a_page_has_a_key_of_its_own_tenant(system: System) -> None:
    """Neither another tenant's, nor a secret one, nor a revoked one."""
    tenant, stranger = str(uuid4()), str(uuid4())
    keys, theirs = new_keys("test", tenant), new_keys("test", stranger)
    made = system.invoke("migrate", request(tenant, "A studio", keys, []))
    system.invoke("migrate", request(stranger, "Theirs", theirs, []))
    (publishable,) = [key["id"] for key in made["keys"] if key["kind"] == "publishable"]

    def refused_with(key: str) -> None:
        page = f"https://studio.example/?key={key}"
        with pytest.raises(FailedError, match="not a live publishable key") as refused:
            system.invoke("migrate", {"tenant": {"id": tenant, "page_url": page}})
        assert key not in str(refused.value)

    refused_with(theirs["publishable"])
    refused_with(keys["secret"])
    system.invoke("migrate", request(tenant, None, {}, [publishable]))
    refused_with(keys["publishable"])


def test_keys_are_stored_as_hashes(system: System) -> None:
    """Neither key is anywhere in the database.

    Proves: ASVS 13.3.1
    """
    tenant = str(uuid4())
    keys = new_keys("test", tenant)
    system.invoke("migrate", request(tenant, "A studio", keys, []))

    stored = str(rows(system))
    assert all(key not in stored for key in keys.values())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id": "7"}, "tenant.id"),
        ({"name": ""}, "tenant.name"),
        ({"name": "x" * 201}, "tenant.name"),
        ({"add_keys": [{"kind": "root", "hash": "0" * 64, "label": "x"}]}, "kind"),
        ({"add_keys": [{"kind": "secret", "hash": "sk_live_" + "0" * 56, "label": "x"}]}, "hash"),
        ({"add_keys": [{"kind": "secret", "hash": "0" * 64}]}, "label"),
        ({"revoke_keys": ["7"]}, "revoke_keys"),
        ({"revoke_keys": [str(uuid4())]}, "no such key"),
        ({"name": None}, "no such tenant"),
        ({"role": "admin"}, "role"),
        ({"page_url": "http://studio.example/"}, "https"),
        ({"page_url": "https://studio.example/#x"}, "fragment"),
        ({"page_url": "https://me@studio.example/"}, "password"),
        ({"page_url": "javascript:alert(1)"}, "page_url"),
        ({"page_url": "http://localhost.evil.example/"}, "https"),
        ({"limits": {"place_days": 0}}, "place_days must lie between 1 and 1095"),
        ({"limits": {"place_days": None}}, "place_days must be a number"),
        ({"limits": {"hold_minutes": 1}}, "no such setting"),
        ({"limits": {"free_lapses": "many"}}, "free_lapses"),
        ({"limits": {"free_lapses": 1.5}}, "free_lapses"),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    system: System, changes: dict[str, Any], why: str
) -> None:
    """The answer has the reason but not the value, which could be a key.

    Proves: ASVS 16.2.5
    """
    before = rows(system)

    with pytest.raises(FailedError, match=why) as refused:
        make(system, **changes)
    assert rows(system) == before
    assert "sk_live" not in str(refused.value)


def test_a_key_of_another_tenant_is_refused(system: System) -> None:
    """Neither its hash nor its id is accepted: nothing is changed."""
    stranger = str(uuid4())
    keys = new_keys("test", stranger)
    theirs = system.invoke("migrate", request(stranger, "Theirs", keys, []))
    before = rows(system)

    with pytest.raises(FailedError, match="in use"):
        system.invoke("migrate", request(str(uuid4()), "Ours", keys, []))
    with pytest.raises(FailedError, match="no such key"):
        make(system, revoke_keys=[theirs["keys"][0]["id"]])
    assert rows(system) == before
    assert resources(system, keys["secret"]).status == 200


@pytest.mark.parametrize(
    "event", [{"tenants": {}}, {"tenant": {}, "x": 1}, [], "x", None, {"x": {}}]
)
def test_other_events_are_refused(system: System, event: Any) -> None:
    """A mistyped event does not migrate."""
    before = rows(system)

    with pytest.raises(FailedError):
        system.invoke("migrate", event)
    assert rows(system) == before


def test_an_unreachable_database_is_reported(system: System) -> None:
    """The answer says so, without its password."""
    system.with_environment(DATABASE_URL=f"postgresql://owner:hunter2@{REFUSING}/holdfast")

    with pytest.raises(FailedError, match="cannot be reached") as failed:
        make(system)
    assert "hunter2" not in json.dumps(str(failed.value))


def test_a_new_tenants_payment_pages_lead_to_the_booking_page(system: System) -> None:
    """No address is listed, and delayed methods are for its servers."""
    made = make(system)

    assert (made["return_origins"], made["delayed_methods"]) == ([], "servers")


def test_where_payment_pages_lead_is_listed(system: System) -> None:
    """In the form of browsers' origins; settings that are not named stay as they are."""
    made = make(system, return_origins=["HTTPS://Studio.example:443/", "http://localhost:*"])
    listed = ["https://studio.example", "http://localhost:*"]
    assert made["return_origins"] == listed

    settings = {
        "delayed_methods": "all",
        "delayed_method_days": 7,
        "limits": {"payment_pages_per_hold": 3},
    }
    later = request(made["id"], None, {}, [], settings=settings)
    changed = system.invoke("migrate", later)
    row = system.database.one("select * from core.tenants where id = %s", made["id"])

    assert (changed["return_origins"], changed["delayed_methods"]) == (listed, "all")
    assert (row.delayed_method_days, row.payment_pages_per_hold) == (7, 3)
    emptied = system.invoke(
        "migrate", request(made["id"], None, {}, [], settings={"return_origins": []})
    )
    assert emptied["return_origins"] == []


@pytest.mark.parametrize(
    "origin",
    [
        "http://studio.example",
        "https://studio.example/path",
        "https://user@studio.example",
        "https://*.example",
        "https://studio.example:*",
        "studio.example",
        "https://st\u00fcdio.example",
        "javascript:alert(1)",
        "http://localhost.evil.example",
        "*",
        "",
    ],
)
def test_what_is_no_origin_is_not_listed(system: System, origin: str) -> None:
    """The refusal gives its position, and nothing is changed."""
    before = rows(system)

    with pytest.raises(FailedError, match="return_origins"):
        make(system, return_origins=["https://studio.example", origin])
    assert rows(system) == before
