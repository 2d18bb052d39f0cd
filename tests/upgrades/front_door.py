"""A tenant's past once there were callers, overrides, letters and retention.

All that `past` has, with the code of 9f4679f, and what only that code can bring about. Statuses of
later work, which no code sets yet, are set by hand, through `core.move`.
"""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.harness.database.tenants import add_key, new_key
from tests.harness.stripe.books import tamper
from tests.harness.stripe.losses import lose_time
from tests.harness.system.in_process import System
from tests.harness.system.stage import take
from tests.upgrades.past import CATALOGUE, STATES, Past, judge, lived, write

NEW_STATES = STATES | {
    "bookings.status": {
        *("held", "paying", "expired", "scheduled", "active", "ended", "completed"),
        *("requested", "cancelled", "declined"),
    },
    "checkouts.close_reason": {"released", "superseded", "deadline"},
    "refunds.reason": {
        *("time_lost", "released", "amount_mismatch", "price_difference", "customer_limit"),
    },
    "findings.kind": {"payment_unknown"},
    "api_keys.kind": {"publishable", "secret"},
    "tenants.delayed_methods": {"never", "servers", "all"},
    "resources.calendar_policy": {"refuse", "accept"},
    "resources.confirmation": {"instant", "by_request"},
    "resources.booking_mode": {"slot", "date"},
}


class FrontDoor(Past):
    """The same shop, whose browsers' keys are longer, and whose prices can all be charged."""

    reused = "hold-1893456000-of-two-tenants"
    low = (("standard", 1000, "SEK"), ("cheap", 500, "USD"))


def _at(day: int, hour: int = 10) -> str:
    return f"2030-03-{day:02}T{hour:02}:00:00Z"


def money_for_other_reasons(past: Past) -> None:
    """Paid after a release, when the customer's limit was reached; a page that was replaced."""
    system = past.system
    released = past.hold(_at(4))
    session = past.checkout(released)
    lose_time(system, released, close_reason="released")
    take(system, released)
    system.pay(session)
    system.deliver_webhooks()

    other = system.studio
    path = f"{CATALOGUE}/resources/{other['id']}"
    fields = {"resource_id": other["id"], "offering_id": other["offerings"][0]["id"]}
    late = past.hold(_at(5, 15), **fields)
    session = past.checkout(late)
    lose_time(system, late)
    answer = system.request(
        "PATCH", path, {"customer_limit": 1}, key="secret", headers={"if-match": "*"}
    )
    assert answer.status == 200, answer
    past.hold(_at(6, 15), by="secret", customer=late["customer"], **fields)
    system.pay(session)
    system.deliver_webhooks()

    replaced = past.hold(_at(7))
    past.checkout(replaced)
    system.begin_checkout(replaced, cancel_url="https://studio.example/elsewhere")
    past.settle()


def limits_overridden(past: Past) -> None:
    """A server lets a customer have more, and says why."""
    past.system.database.execute(
        "update core.tenants set live_holds_per_customer = 1 where id = %s",
        past.system.tenant.tenant_id,
    )
    override = {"rules": ["customer_periods"], "reason": "She telephoned."}
    customer = {"name": "Ada Byron", "email": "ada@example.com"}
    for day in (11, 12):
        past.hold(_at(day), by="secret", customer=customer, override=override)
    past.system.database.execute(
        "update core.tenants set live_holds_per_customer = 10000 where id = %s",
        past.system.tenant.tenant_id,
    )


def people_who_left(past: Past) -> None:
    """Erased, deleted as never paid, and what the next sweep of retention will delete."""
    system = past.system
    erased = past.hold(_at(13))
    past.release(erased)
    answer = system.request(
        "POST", "/v1/customers/erasure", {"email": erased["customer"]["email"]}, key="secret"
    )
    assert answer.status == 200, answer
    past.requests = [each for each in past.requests if each["answer"].get("id") != erased["id"]]
    for swept, day in ((True, 14), (False, 15)):
        held = past.hold(_at(day))
        past.release(held)
        tamper(
            system,
            "update core.bookings set updated_at = updated_at - interval '50 days' where id = %s",
            held["id"],
        )
        if swept:
            past.requests.pop()
            system.sweep("retention")
    system.database.execute(  # as a sweep does that fails at a row
        "insert into core.sweep_failures (tenant_id, sweep, row_id, sqlstate, retry_at, updated_at)"
        " values (%s, 'expire_holds', %s, 'XX000', core.clock(), core.clock())",
        system.tenant.tenant_id,
        uuid4(),
    )


def keys_that_were_replaced(past: Past) -> None:
    """A publishable key, its successor, and what the successor has held."""
    database, tenant_id = past.system.database, past.system.tenant.tenant_id
    past.keys["successor"] = new_key("pk")
    add_key(database, tenant_id, "publishable", past.keys["successor"])
    database.execute(
        "update core.api_keys set first_id ="
        " (select id from core.api_keys where label = 'local stack' and kind = 'publishable')"
        " where id = (select id from core.api_keys order by created_at desc, id desc limit 1)"
    )
    past.hold(_at(18), by="successor")


def settings_and_archives(past: Past) -> None:
    """Resources of every setting, archived ones, a revoked feed."""
    system = past.system

    def ask(method: str, path: str, body: Any = None) -> Any:
        headers = {"if-match": "*"} if method == "PATCH" else {}
        answer = system.request(method, f"{CATALOGUE}/{path}", body, key="secret", headers=headers)
        assert answer.status in (200, 201, 204), answer
        return answer.body

    room = {
        "name": "Room",
        "timezone": "America/Sao_Paulo",
        "confirmation": "by_request",
        "capacity": 3,
        "buffer_before_minutes": 10,
        "notice_minutes": 60,
        "daily_limit": 4,
        "customer_limit": 2,
        "calendar_policy": "accept",
    }
    kept = ask("POST", "resources", room)
    ask(
        "POST", f"resources/{kept['id']}/hours", {"weekday": 6, "opens": "22:00", "closes": "03:00"}
    )
    gone = ask("POST", "resources", {**room, "name": "Barn"})
    feed = ask("POST", f"resources/{gone['id']}/calendar-feeds")
    ask("DELETE", f"resources/{gone['id']}/calendar-feeds/{feed['id']}")
    ask("DELETE", f"resources/{gone['id']}")
    offering = ask("POST", "offerings", {"name": "Old", "duration_minutes": 30, "prices": []})
    ask("DELETE", f"offerings/{offering['id']}")
    pool = ask("POST", "pools", {"name": "Old", "resource_ids": []})
    ask("DELETE", f"pools/{pool['id']}")
    for number, methods in enumerate(("never", "servers")):
        system.database.execute(
            "insert into core.tenants (id, name, delayed_methods, created_at)"
            " values (core.new_id(), %s, %s, core.clock())",
            f"Empty {number}",
            methods,
        )


def books_that_differed(past: Past) -> None:
    """A payment whose event was lost, found and settled hours later."""
    system = past.system
    held = past.hold(_at(19))
    system.pay(past.checkout(held))
    system.advance(timedelta(hours=2))
    system.sweep("reconcile")
    assert system.booking(held).status == "scheduled"


def statuses_of_later_work(past: Past) -> None:
    """By hand: no code of that time sets them."""
    database = past.system.database
    for day, statuses in (
        (20, ("active",)),
        (21, ("active", "ended")),
        (22, ("active", "ended", "completed")),
        (25, ("cancelled",)),
    ):
        _move(database, past.paid(_at(day)), statuses)
    for day, statuses in ((26, ("requested",)), (27, ("requested", "declined"))):
        _move(database, past.hold(_at(day)), ("paying", *statuses))


def _move(database: Any, held: Any, statuses: tuple[str, ...]) -> None:
    with database.connect() as connection:
        connection.execute(
            "select core.enter_tenant(tenant_id, 'operator', null, null)"
            " from core.bookings where id = %s",
            (held["id"],),
        )
        for status in statuses:
            connection.execute(
                "select core.move(b, %s, 'by hand') from core.bookings as b where id = %s",
                (status, held["id"]),
            )
        connection.commit()


def _live(system: System) -> Past:
    past = FrontDoor(system)
    system.offer_delayed_methods()
    books_that_differed(past)
    money_for_other_reasons(past)
    people_who_left(past)
    limits_overridden(past)
    settings_and_archives(past)
    lived(past)
    keys_that_were_replaced(past)
    statuses_of_later_work(past)
    judge(past, NEW_STATES)
    return past


if __name__ == "__main__":
    write(Path(sys.argv[1]), _live)
