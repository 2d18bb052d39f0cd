"""The rows of a tenant that is being moved, or lives in another database, are not touched here.

A tenant that is arriving looks like any other: its holds are overdue here while they are paid
there. So each function that works across tenants is tried with work of such a tenant due first.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.harness.clients import workload
from tests.harness.clients.calls import Api, refused
from tests.harness.clients.workload import Action, Workload
from tests.harness.clients.workload_of_reconciliation import RECONCILIATION
from tests.harness.clients.workload_of_retention import RETENTION
from tests.harness.clients.workload_of_scheduling import SCHEDULING
from tests.harness.database.builders import NOW, Tenant, sha256
from tests.harness.database.digests import digests
from tests.harness.database.doorways import IS_FUNCTION_OF_TODAY
from tests.harness.database.migrated import Database

_ACTIONS = workload.ACTIONS | SCHEDULING | RECONCILIATION | RETENTION
_KINDS = ("places", "bookings", "requests", "events", "effects", "failures")


def _delete(kind: str) -> Action:
    prepare = RETENTION[f"delete_expired_records, {kind}"].prepare

    def act(work: Workload, _: Any) -> None:
        after = {"tenant_id": str(work.tenant.id), "kind": _KINDS.index(kind) + 1}
        work.api.call("delete_expired_records", after, 1)

    return Action(prepare, act)


def _old_openings(work: Workload) -> None:
    work.api.database.execute(
        "update core.timetables set compiled_at = %s", NOW - timedelta(days=2)
    )


# Functions that work across tenants: each with work of one tenant due first.
_NAMES = (
    "expire_holds",
    "expire_holds, change",
    "claim_effects",
    "claim_calendars",
    "offer_waiting",
)
SWEEPS = {name: _ACTIONS[name] for name in _NAMES} | {
    f"delete_expired_records, {kind}": _delete(kind) for kind in _KINDS
}
SWEEPS["compile_openings"] = Action(
    _old_openings, lambda work, _: work.api.call("compile_openings", None, 10)
)
# Functions that get their tenant from outside: by Stripe, an effect, a calendar, an address.
NAMED = [
    *("settle_checkout", "settle_checkout, early", "settle_checkout, change", "settle_refund"),
    *(
        "finish_effect",
        "retry_effect",
        "retry_effect, refund",
        "store_calendar_busy",
        "begin_calendar_read",
    ),
    "read_calendar_feed",
]
# What only counts, and the comparison of the books: test_reconcile.py.
COUNTED = ["measure_backlog", "next_reconciliation_page", "submit_reconciliation_page"]
STATES = ["arriving", "left"]
_ACROSS = f"""
select p.proname from pg_proc as p
where {IS_FUNCTION_OF_TODAY} and p.proowner = 'holdfast_system'::regrole
"""


@pytest.fixture
def work(api: Api) -> Workload:
    """A tenant with something of everything to do."""
    return Workload(api)


def _to(database: Database, tenant: Tenant, state: str) -> None:
    database.execute("update core.tenants set state = %s where id = %s", state, tenant.id)


@contextmanager
def fenced(database: Database, tenant: Tenant) -> Iterator[None]:
    """The tenant while its mover holds the fence."""
    with database.connect() as mover:
        mover.execute(
            "select pg_advisory_xact_lock(hashtextextended('tenant:' || %s, 0))", (tenant.id,)
        )
        yield


def test_every_function_across_tenants_is_here(api: Api) -> None:
    """A new function needs a case below."""
    known = {name.partition(",")[0] for name in (*SWEEPS, *NAMED, *COUNTED)}

    assert {name for (name,) in api.database.rows(_ACROSS)} == known


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_leaves_a_tenant_alone_that_is_not_here(
    work: Workload, name: str, state: str
) -> None:
    """Nothing of it changes, and nothing fails: others' rows are in the same batch."""
    database, action = work.api.database, SWEEPS[name]
    subject = action.prepare(work)
    _to(database, work.tenant, state)
    before = _rows(database)

    action.act(work, subject)

    assert _rows(database) == before
    # once the tenant is here, the sweep does its work: otherwise the test above would prove nothing
    _to(database, work.tenant, "here")
    action.act(work, subject)
    assert _rows(database) != before


@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_passes_by_a_fence(work: Workload, name: str) -> None:
    """The mover has just begun: only the fence shows it."""
    database, action = work.api.database, SWEEPS[name]
    subject = action.prepare(work)
    before = _rows(database)

    with fenced(database, work.tenant):
        action.act(work, subject)

        assert _rows(database) == before
    action.act(work, subject)
    assert _rows(database) != before


@pytest.mark.parametrize(
    ("name", "arguments", "goes_on"),
    [
        ("expire_holds", (1,), "more"),
        ("offer_waiting", (1,), "more"),
        ("compile_openings", (None, 1), "next"),
    ],
)
def test_a_batch_that_is_all_fenced_is_the_last(
    work: Workload, name: str, arguments: tuple[Any, ...], goes_on: str
) -> None:
    """The next one would be the same rows again, until the time of the sweep is over."""
    SWEEPS[name].prepare(work)

    with fenced(work.api.database, work.tenant):
        stopped = work.api.call(name, *arguments)

    assert not stopped[goes_on]
    assert work.api.call(name, *arguments)[goes_on]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", NAMED)
def test_a_report_about_a_tenant_that_is_not_here_is_refused(
    work: Workload, name: str, state: str
) -> None:
    """KHMOV: the sender repeats it, and then reaches the database that answers for the tenant."""
    database, action = work.api.database, _ACTIONS[name]
    subject = action.prepare(work)
    _to(database, work.tenant, state)
    before = _rows(database)

    refusal = refused(lambda: action.act(work, subject))

    assert refusal.sqlstate == "KHMOV"
    assert _rows(database) == before


@pytest.mark.parametrize("state", STATES)
def test_a_report_about_a_tenant_that_left_is_not_unknown(work: Workload, state: str) -> None:
    """Its rows may be gone already. Stripe repeats an event that is refused, but not one that is
    unknown.
    """
    database = work.api.database
    checkout, refund = work.checkout(), work.claimed()
    session = checkout.session() | {"id": "cs_test_gone", "client_reference_id": str(uuid4())}
    told = {"id": "re_gone", "metadata": {"tenant_id": str(work.tenant.id)}}
    calls: list[tuple[Any, ...]] = [
        ("settle_checkout", None, "paid", session),
        ("settle_refund", None, "succeeded", told),
    ]
    assert [work.api.call(*call)["result"] for call in calls] == ["unknown", "unknown"]
    _to(database, work.tenant, state)

    refusals = [refused(lambda call=call: work.api.call(*call)).sqlstate for call in calls]

    assert refund is not None
    assert refusals == ["KHMOV", "KHMOV"]


# the columns by which each of these sweeps knows what is due first
_QUEUES = {
    "expire_holds": "update core.bookings"
    " set hold_expires_at = hold_expires_at - interval '1 hour'",
    "expire_holds, change": "update core.reschedules"
    " set expires_at = expires_at - interval '1 hour'",
    "claim_effects": "update core.effects set due_at = due_at - interval '1 hour'",
    "claim_calendars": "update core.calendars set due_at = due_at - interval '1 hour'",
    "offer_waiting": "update core.waitlist set looked_at = created_at - interval '1 hour'",
}


@pytest.mark.parametrize("name", _QUEUES)
def test_others_are_served_behind_a_tenant_that_is_not_here(work: Workload, name: str) -> None:
    """However much of it is due, and for longer: a batch of one contains another tenant's row."""
    database, other = work.api.database, Workload(work.api)
    SWEEPS[name].prepare(work)
    database.execute(_QUEUES[name])
    _to(database, work.tenant, "arriving")
    subject = SWEEPS[name].prepare(other)
    before = _rows(database)

    SWEEPS[name].act(other, subject)

    assert _rows(database) != before


def test_a_report_names_its_tenant(work: Workload) -> None:
    """The caller names the tenant of an effect, a calendar or an address, and it is looked up
    there.
    """
    api, mine, other = work.api, str(work.tenant.id), str(Tenant(work.api.database).id)
    calendar, feed = SCHEDULING["claim_calendars"].prepare(work), uuid4()
    hashed = sha256(str(feed))
    arguments = (work.server, str(feed), feed, hashed, work.offer.resource_id)
    api.call("create_calendar_feed", *arguments)
    effect = work.claimed()

    def asked(tenant_id: str) -> tuple[Any, ...]:
        wanted = {"tenant_id": tenant_id, "calendars": [str(calendar.id)]}
        tasks = api.call("begin_calendar_read", wanted)
        failed = {"outcome": "failed", "failure": "x", "tenant_id": tenant_id}
        stored = api.call("store_calendar_busy", calendar.id, NOW, failed)
        return len(tasks), stored["result"]

    def read(tenant_id: str) -> Any:
        return api.call("read_calendar_feed", hashed, tenant_id)

    def finish(tenant_id: str) -> Any:
        late = {"error": "late", "tenant_id": tenant_id}
        return api.call("finish_effect", effect["id"], effect["lease"], "retry", late)

    def retry(tenant_id: str) -> Any:
        return api.call("retry_effect", effect["id"], "ada", tenant_id)

    assert (asked(mine), asked(other)) == ((1, "failed"), (0, "gone"))
    assert read(mine)["resource"]["id"] == str(work.offer.resource_id)
    assert finish(mine)["result"] == "retry"
    assert refused(lambda: retry(mine)).sqlstate == "KHSTA"
    for call in (read, finish, retry):
        assert refused(lambda call=call: call(other)).sqlstate == "KHNTF"


_OF_CALLERS: dict[str, Callable[[Workload], Any]] = {
    "holding": Workload.hold,
    "listing": Workload.list_slots,
    "what its limits are": lambda work: work.api.call("rate_policy", work.server),
}


@pytest.mark.parametrize("state", [*STATES, "fenced"])
@pytest.mark.parametrize("call", _OF_CALLERS.values(), ids=_OF_CALLERS)
def test_a_caller_is_asked_to_come_again(
    work: Workload, call: Callable[[Workload], Any], state: str
) -> None:
    """Its key is still known here, but the answer must not say that it is unknown."""
    other = Workload(work.api)
    if state == "fenced":
        with fenced(work.api.database, work.tenant):
            refusal = refused(lambda: call(work))
            call(other)  # other callers do not notice
    else:
        _to(work.api.database, work.tenant, state)
        refusal = refused(lambda: call(work))
        call(other)

    assert refusal.sqlstate == "KHMOV"
    assert refusal.detail == {"retry_after": 2}


def test_lags_of_a_tenant_that_is_not_here_are_none_of_ours(work: Workload) -> None:
    """Its overdue rows are not due here, and raise no alarm."""
    _ACTIONS["expire_holds"].prepare(work)
    overdue = work.api.call("measure_backlog")["hold_lag_seconds"]
    _to(work.api.database, work.tenant, "left")

    assert overdue > 0
    assert work.api.call("measure_backlog")["hold_lag_seconds"] == 0


def _rows(database: Database) -> dict[str, str]:
    """The rows of tenants, without the tenants' own states."""
    return digests(database, without=("core.tenants",))
