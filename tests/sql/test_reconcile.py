"""api.next_reconciliation_page, api.submit_reconciliation_page: what is compared, and when."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from tests.harness.clients.calls import Api
from tests.harness.database.builders import NOW, Offer, Tenant

DAYS = 30
_PAID_LONG_AGO = """
insert into core.payments (tenant_id, id, booking_id, checkout_id, payment_intent_id, status,
    amount, currency, created_at, updated_at)
select tenant_id, gen_random_uuid(), booking_id, checkout_id, 'pi_' || n, status, amount, currency,
    %s::timestamptz - n * interval '1 second', %s
from core.payments, generate_series(1, %s) as n
"""


def _step(api: Api) -> Any:
    return api.call("next_reconciliation_page", DAYS)["step"]


def _report(api: Api, step: dict[str, Any], *seen: dict[str, Any], tried: Any = ()) -> Any:
    """What was seen up to the end of this step."""
    told = {"next": None} | step
    return api.call("submit_reconciliation_page", told, Jsonb(list(seen)), Jsonb(list(tried)))


def _to(api: Api, phase: str) -> Any:
    """Continue the run, seeing nothing, until that phase."""
    while (step := _step(api))["phase"] != phase:
        _report(api, step)
    return step


def _intent(name: str, **fields: Any) -> dict[str, Any]:
    made = {"amount": 4500, "currency": "EUR", "created": int(NOW.timestamp()) - 86_400}
    return {"type": "payment", "id": name, "metadata": {}, "object": made | fields}


def _payments(api: Api, offer: Offer, count: int, *, last: timedelta) -> None:
    """That many payments, the last of them that long ago, each a second before the next."""
    api.paid(offer)
    api.database.execute("update core.payments set created_at = %s", NOW - timedelta(days=99))
    api.database.execute(_PAID_LONG_AGO, NOW - last, NOW - last, count)


def test_a_walk_covers_the_days_up_to_an_hour_ago(api: Api) -> None:
    """Its period is fixed when it begins, however long it takes."""
    first = _step(api)
    api.database.clock.advance(timedelta(hours=30))

    again = _step(api)

    until = int((NOW - timedelta(hours=1)).timestamp())
    assert (first["from"], first["until"]) == (until - DAYS * 86_400, until)
    assert again == first


def test_phases_follow_each_other_once(api: Api) -> None:
    """What Stripe lists, what it does not list, open findings; then nothing until the next day."""
    phases = []
    while (step := _step(api)) is not None:
        phases.append(step["phase"])
        _report(api, step)
    api.database.clock.advance(timedelta(hours=22, minutes=59))
    early = _step(api)
    api.database.clock.advance(timedelta(minutes=1))

    assert phases == ["payments", "refunds", "our_payments", "our_refunds", "findings"]
    assert early is None
    assert _step(api)["phase"] == "payments"


def test_payments_that_stripe_did_not_list_are_asked_for_in_batches(
    api: Api, tenant: Tenant
) -> None:
    """Twenty at a time, oldest first, each once; none that was listed, none outside the period."""
    _payments(api, tenant.offer(), 45, last=timedelta(days=2))
    api.database.execute(
        "update core.payments set created_at = %s where payment_intent_id = 'pi_44'",
        NOW - timedelta(minutes=59),
    )
    _report(api, _step(api), *(_intent(f"pi_{n}") for n in (1, 45)))
    asked = []

    while (step := _to(api, "our_payments"))["next"] is not None:
        asked.append([item["id"] for item in step["items"]])
        _report(api, step)
    asked.append([item["id"] for item in step["items"]])

    assert asked == [
        [f"pi_{n}" for n in range(43, 23, -1)],
        [f"pi_{n}" for n in range(23, 3, -1)],
        ["pi_3", "pi_2"],
    ]


def test_a_long_stretch_that_was_seen_is_passed_in_steps(api: Api, tenant: Tenant) -> None:
    """Three hundred rows per step, so that none takes long; the next begins where one ends."""
    _payments(api, tenant.offer(), 601, last=timedelta(days=2))
    api.database.execute("insert into core.reconciled_rows select tenant_id, id from core.payments")
    steps = [_to(api, "our_payments")]

    while steps[-1]["next"] is not None:
        _report(api, steps[-1])
        steps.append(_step(api))

    assert [step["items"] for step in steps] == [[], [], []]
    assert [step["after"] for step in steps[1:]] == [step["next"] for step in steps[:-1]]


def test_what_was_seen_is_forgotten_with_the_walk(api: Api, tenant: Tenant) -> None:
    """The next run starts without it."""
    _payments(api, tenant.offer(), 1, last=timedelta(days=2))
    _report(api, _step(api), _intent("pi_1"))
    seen = api.database.value("select count(*) from core.reconciled_rows")
    _report(api, _to(api, "findings"))

    assert (seen, api.database.value("select count(*) from core.reconciled_rows")) == (1, 0)


def test_a_page_with_cures_is_left_when_they_were_tried(api: Api, tenant: Tenant) -> None:
    """Until then the run stays on the page; a difference that remains stays open."""
    checkout = api.checkout(api.hold(tenant.offer()))
    step = _step(api)
    lost = _intent("pi_lost", checkout_id=str(checkout.id))
    lost["metadata"] = {"tenant_id": str(tenant.id)}
    api.database.clock.advance(timedelta(hours=2))

    first = _report(api, step, lost)
    stays = _step(api)["phase"]
    second = _report(api, step, lost, tried=["pi_lost"])

    assert (first["cures"], stays) == (["pi_lost"], "payments")
    assert [found["id"] for found in first["found"]] == ["pi_lost"]
    assert second["found"] == []
    assert _step(api)["phase"] == "refunds"
    assert api.database.value("select resolved_at from core.findings") is None


def test_many_open_findings_are_asked_for_in_batches(api: Api) -> None:
    """Twenty at a time, each once; those that this run has just compared are not among them."""
    _report(api, _step(api), *(_intent(f"pi_{n:02}") for n in range(30)))
    _report(api, _to(api, "findings"))
    api.database.clock.advance(timedelta(days=1))
    _report(api, _step(api), _intent("pi_07"))
    step = _to(api, "findings")
    asked = [item["id"] for item in step["items"]]

    _report(api, step)
    asked += [item["id"] for item in _step(api)["items"]]

    assert asked == [f"pi_{n:02}" for n in range(30) if n != 7]


def test_what_was_accepted_and_over_and_is_back_is_open(api: Api) -> None:
    """An operator accepted that difference, not every later one."""
    _report(api, _step(api), _intent("pi_1"))
    api.database.execute(
        "update core.findings set accepted_at = core.clock(), accepted_because = 'tea'"
    )
    for amount in (0, 4500):
        _report(api, _to(api, "findings"))
        api.database.clock.advance(timedelta(days=1))
        answer = _report(api, _step(api), _intent("pi_1", amount=amount))

    finding = api.database.one("select * from core.findings")
    assert [found["id"] for found in answer["found"]] == ["pi_1"]
    assert (finding.resolved_at, finding.accepted_at, finding.accepted_because) == (None,) * 3
    assert finding.first_seen_at == NOW


def test_a_difference_of_the_last_hour_is_none_yet(api: Api, tenant: Tenant) -> None:
    """Our row has just been written: what Stripe said a moment ago may be older."""
    api.paid(tenant.offer())
    intent = api.database.value("select payment_intent_id from core.payments")
    step = _step(api)
    api.database.clock.advance(timedelta(minutes=59))
    young = _report(api, {**step, "next": "pi"}, _intent(intent, amount=1))
    api.database.clock.advance(timedelta(minutes=1))

    old = _report(api, {**step, "after": "pi", "next": None}, _intent(intent, amount=1))

    assert (young["found"], [found["kind"] for found in old["found"]]) == ([], ["payment_differs"])


def test_what_was_found_stays_while_it_changes(api: Api, tenant: Tenant) -> None:
    """The row is changed, and the books still differ: it is the same finding, and open."""
    api.paid(tenant.offer())
    intent = api.database.value("select payment_intent_id from core.payments")
    api.database.clock.advance(timedelta(hours=1))
    _report(api, _step(api), _intent(intent, amount=1))
    api.database.execute("update core.payments set amount = amount + 1")

    again = _report(api, _to(api, "findings"), _intent(intent, amount=1))

    finding = api.database.one("select * from core.findings")
    assert (again["found"], finding.resolved_at) == ([], None)
    assert finding.booked_amount == finding.amount + 4500


def test_what_is_of_a_tenant_of_another_database_is_passed_by(api: Api, tenant: Tenant) -> None:
    """Payments of a tenant that was never here, or has left, are compared by the database that
    answers for it. A payment that names no tenant is compared here.
    """
    gone = Tenant(api.database)
    api.database.execute("update core.tenants set state = 'left' where id = %s", gone.id)
    named = [str(each) for each in (uuid4(), gone.id, tenant.id)]
    intents = [_intent(f"pi_{n}") | {"metadata": {"tenant_id": t}} for n, t in enumerate(named)]

    compared = _report(api, _step(api), *intents, _intent("pi_foreign"))

    assert compared["foreign"] == 2
    assert {found["id"]: found["tenant_id"] for found in compared["found"]} == {
        "pi_2": None,
        "pi_foreign": None,
    }


def test_open_findings_of_a_tenant_that_left_are_none_of_ours(api: Api, tenant: Tenant) -> None:
    """Neither counted nor asked for again; those without a tenant are."""
    api.paid(tenant.offer())
    api.database.clock.advance(timedelta(hours=30))
    (row,) = api.database.rows("select payment_intent_id as id from core.payments")
    _report(api, _step(api), _intent("pi_foreign"), _intent(row.id, amount=1))
    before = api.call("next_reconciliation_page", DAYS)["open"]
    api.database.execute("update core.tenants set state = 'left'")

    after = api.call("next_reconciliation_page", DAYS)["open"]

    assert (before, after) == (2, 1)


def test_whose_a_payment_is_may_be_news(api: Api, tenant: Tenant) -> None:
    """A payment without a tenant that turns out to belong to one is another finding; the first is
    over.
    """
    checkout = api.checkout(api.hold(tenant.offer()))
    api.database.clock.advance(timedelta(hours=2))
    _report(api, _step(api), _intent("pi_lost"))
    api.database.execute("delete from core.reconciliations")
    ours = {"metadata": {"tenant_id": str(tenant.id)}}

    _report(api, _step(api), _intent("pi_lost", checkout_id=str(checkout.id)) | ours)

    found = api.database.rows("select tenant_id, resolved_at from core.findings order by tenant_id")
    assert [(row.tenant_id, row.resolved_at is None) for row in found] == [
        (UUID(int=0), False),
        (tenant.id, True),
    ]
