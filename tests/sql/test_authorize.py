"""core.authorize: who the caller is and what they may do, decided in the transaction that acts."""

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.harness.clients.calls import Api, refused
from tests.harness.database.builders import Tenant

_FUNCTIONS = """
select p.proname as name,
    array_agg(format('null::%s', format_type(t.type, null)) order by t.n)
        filter (where t.n > 1) as rest
from pg_proc as p, unnest(p.proargtypes::oid[]) with ordinality as t (type, n)
where p.pronamespace = 'api'::regnamespace and p.proargnames[1] = 'p_actor'
group by p.proname order by p.proname
"""


def test_an_unknown_key_opens_nothing(api: Api, tenant: Tenant) -> None:
    """Every function that takes an actor refuses an unknown key before it looks at anything else.

    Cases: P-7
    Proves: ASVS 8.2.1, 8.3.1
    """
    stranger = {"key_hash": "00" * 32, "request_id": "req-1"}
    functions = api.database.rows(_FUNCTIONS)

    refusals = {name: _refusal(api, name, rest or [], stranger) for name, rest in functions}

    assert len(refusals) >= 9
    assert set(refusals.values()) == {("KHAUT", "the API key is unknown or revoked")}


def test_a_revoked_key_opens_nothing(api: Api, tenant: Tenant) -> None:
    """Revocation counts from the next transaction on, for every function.

    Cases: E-3.7
    Proves: ASVS 7.4.1, 8.3.2
    """
    api.database.execute("update core.api_keys set revoked_at = core.clock()")
    functions = api.database.rows(_FUNCTIONS)

    refusals = {_refusal(api, name, rest or [], tenant.actor("secret")) for name, rest in functions}

    assert {sqlstate for sqlstate, _ in refusals} == {"KHAUT"}


@pytest.mark.parametrize("malformed", [{}, {"key_hash": ""}, {"key_hash": None}])
def test_an_actor_without_a_key_is_unknown(
    api: Api, tenant: Tenant, malformed: dict[str, Any]
) -> None:
    """KHAUT, as for any unknown key."""
    refusal = refused(lambda: api.call("list_resources", malformed, None, 10))

    assert refusal.sqlstate == "KHAUT"


def test_the_actor_is_written_down(api: Api, tenant: Tenant) -> None:
    """The audit trail names the role, the key and the request of each change.

    Cases: P-10
    Proves: ASVS 16.3.1
    """
    held = api.hold(tenant.offer())

    event = api.database.one("select * from audit.booking_events")
    key = api.database.value("select id from core.api_keys where kind = 'publishable'")

    assert (event.booking_id, event.actor_role) == (held.id, "publishable")
    assert (event.actor_key_id, event.request_id) == (key, "req-1")


def _refusal(
    api: Api, name: str, rest: list[str], actor: dict[str, Any]
) -> tuple[str | None, str | None]:
    """How a function refuses an actor when all its other arguments are null."""
    arguments = ", ".join(["%s::jsonb", *rest])
    refusal = refused(
        lambda: api.connection(name).execute(
            f"select api.{name}({arguments})".encode(), [Jsonb(actor)]
        )
    )
    return refusal.sqlstate, refusal.message
