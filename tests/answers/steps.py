"""What many stories are made of."""

from typing import Any

from tests.answers.operations import CUSTOMER
from tests.answers.recorder import Recorder
from tests.harness.system.setup import TEN

COMPLETED = "checkout.session.completed"
EXPIRED = "checkout.session.expired"


def day(day: int, time: str = "10:00") -> str:
    return f"2030-01-{day:02}T{time}:00Z"


def lesson(it: Recorder, starts_at: str = TEN, **changes: Any) -> dict[str, Any]:
    return it.system.hold_body(starts_at, customer=CUSTOMER) | changes


def request(it: Recorder, resource: int, **changes: Any) -> dict[str, Any]:
    """A request for a resource's first offering."""
    chosen = it.system.tenant.resources[resource]
    return {
        "resource_id": chosen["id"],
        "offering_id": chosen["offerings"][0]["id"],
        "customer": CUSTOMER,
    } | changes


def hold(it: Recorder, starts_at: str = TEN, **changes: Any) -> Any:
    """A hold that is not written down."""
    answer = it.system.request("POST", "/v1/holds", lesson(it, starts_at, **changes))
    assert answer.status == 201, answer
    return answer.body


def paying(it: Recorder, starts_at: str = TEN, **changes: Any) -> Any:
    held = hold(it, starts_at, **changes)
    it.system.checkout(held)
    return held


def paid(it: Recorder, starts_at: str = TEN, **changes: Any) -> Any:
    held = paying(it, starts_at, **changes)
    it.system.pay(it.system.session_id(held))
    it.system.deliver_webhooks()
    assert it.system.booking(held).status == "scheduled"
    return held


def show(it: Recorder, held: Any) -> None:
    """How a booking stands, as its customer sees it."""
    it.ask("GET", f"/v1/bookings/{held['id']}/confirmation", of=held)


def pay(it: Recorder, held: Any, how: str = "pay", card: str | None = None) -> None:
    it.system.pay(it.system.session_id(held), how, card)
    it.happens(f"the customer pays: {how}")


def set_tenant(it: Recorder, assignments: str) -> None:
    """A tenant's setting."""
    it.happens(f"the tenant has {assignments}")
    it.system.database.execute(
        f"update core.tenants set {assignments} where id = %s", it.system.tenant.tenant_id
    )
