"""What `make tenant` sends and shows."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from dev.cloud import page, tenant
from dev.cloud.stages import CloudError


def test_keys_are_never_sent() -> None:
    """Only their hashes; each time other keys, in the API's format."""
    from holdfast.access.actors import digest, from_headers  # noqa: PLC0415

    mine = str(UUID(int=7))
    keys = tenant.new_keys("live", mine)
    sent = json.dumps(tenant.request(mine, "A", keys, []))

    assert keys != tenant.new_keys("live", mine)
    for key in keys.values():
        assert key not in sent
        assert digest(key).hex() in sent
        asking = from_headers({"authorization": f"Bearer {key}"}, "r")
        assert (asking.key_hash, asking.tenant) == (digest(key).hex(), UUID(mine).hex)


def test_a_tenants_id_is_a_uuid() -> None:
    """It is part of the keys, so nothing else is accepted."""
    with pytest.raises(CloudError, match="UUID"):
        tenant.new_keys("live", "my-studio")


def test_a_replaced_key_is_named_by_kind() -> None:
    """At most one key of each kind, and only of this tenant."""
    known = [{"id": name, "kind": kind} for name, kind in (("a", "secret"), ("b", "secret"))]
    known.append({"id": "c", "kind": "publishable"})

    assert tenant.to_replace({"keys": known}, ["a", "c"]) == {"secret": "a", "publishable": "c"}
    for wanted in (["a", "b"], ["d"]):
        with pytest.raises(CloudError):
            tenant.to_replace({"keys": known}, wanted)


def test_a_tenant_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither NAME nor TENANT: the message says so, and nothing is looked up."""
    assert tenant.main(["dev"]) == 2
    assert "NAME" in capsys.readouterr().err


def test_page_types_are_set() -> None:
    """Files of unknown types are sent as bytes."""
    assert page._type(Path("x.unknown")) == "application/octet-stream"


@pytest.mark.parametrize(
    ("origins", "told"),
    [
        (None, "any address over https"),
        ([], "the booking page alone"),
        (["https://a.example", "http://localhost:*"], "https://a.example, http://localhost:*"),
    ],
)
def test_where_payment_pages_lead_is_printed(origins: list[str] | None, told: str) -> None:
    """For a tenant without a list, the output says so."""
    shown = {"name": "A", "id": "1", "keys": [], "return_origins": origins}

    lines = tenant.lines(shown | {"delayed_methods": "servers"}, {})

    assert any(told in line for line in lines)


def test_only_what_is_said_of_payments_is_sent() -> None:
    """The other settings stay as they are."""
    sent = tenant.request("id", None, {}, [], settings={"return_origins": ["https://a.example"]})

    assert sent["tenant"]["return_origins"] == ["https://a.example"]
    assert "delayed_methods" not in sent["tenant"]
