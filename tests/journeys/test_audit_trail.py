"""What happened to a booking, who did it and why: written with the change, and never rewritten."""

import json
from typing import Any

import psycopg
import pytest

from tests.harness.stripe.lost_times import paid_too_late
from tests.harness.system.in_process import System
from tests.harness.system.setup import TEN, minutes, raw_event


def _trail(system: System, held: dict[str, Any]) -> list[Any]:
    return system.database.rows(
        "select version, from_status, to_status, from_payment_status, to_payment_status,"
        " actor_role, reason, actor_key_id, request_id, at"
        " from audit.booking_events where booking_id = %s order by version",
        held["id"],
    )


def _steps(system: System, held: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(row)[:7] for row in _trail(system, held)]


def test_a_whole_story_is_written_down(system: System) -> None:
    """One row for each version: from, to, who and why, the key and the request or event.

    Cases: P-10, E-8.3
    """
    held, session_id = system.checkout(system.hold(TEN))
    system.pay(session_id)
    event = raw_event(system, "checkout.session.completed")
    system.post_event(event)
    trail = _trail(system, held)

    assert _steps(system, held) == [
        (1, None, "held", None, "unpaid", "publishable", "held"),
        (2, "held", "paying", "unpaid", "unpaid", "publishable", "checkout begun"),
        (3, "paying", "scheduled", "unpaid", "paid", "webhook", "paid"),
    ]
    key_id = system.database.value("select id from core.api_keys where kind = 'publishable'")
    assert [row.actor_key_id for row in trail] == [key_id, key_id, None]
    assert trail[2].request_id == json.loads(event)["id"]
    assert all(row.request_id for row in trail)
    assert [row.at for row in trail] == sorted(row.at for row in trail)
    assert trail[2].at == system.booking(held).updated_at


def test_every_actor_has_a_name(system: System) -> None:
    """Customer, server, sweep, outbox, confirmation page: each has its own name.

    Cases: P-10
    """
    given_back = system.hold("2030-01-07T14:00:00Z")
    system.request("DELETE", f"/v1/holds/{given_back['id']}", key="secret")
    asked, session_id = system.checkout(system.hold(TEN))
    system.pay(session_id)
    system.confirmation(asked)
    abandoned, _ = system.checkout(system.hold("2030-01-07T16:00:00Z"))
    forgotten = system.hold("2030-01-08T10:00:00Z")
    system.advance(minutes(37))
    system.sweep()
    system.run_outbox()

    assert _steps(system, given_back)[-1][5:] == ("secret", "released by the customer")
    assert _steps(system, asked)[-1][5:] == ("provider", "paid")
    assert _steps(system, forgotten)[-1][5:] == ("sweep", "the hold ran out")
    assert _steps(system, abandoned)[-2][5:] == ("sweep", "closing its checkout")
    assert _steps(system, abandoned)[-1][5:] == ("outbox", "the checkout ran out unpaid")


def test_the_way_of_money_is_in_the_trail(system: System) -> None:
    """A lost time, a late payment, a refund: each step has its row.

    Cases: P-10, E-8.3, D-2
    """
    held = paid_too_late(system)
    system.run_outbox()
    tail = [step[3:7] for step in _steps(system, held)[-2:]]

    assert tail == [
        ("unpaid", "paid", "webhook", "paid, but not kept: time_lost"),
        ("paid", "refunded", "outbox", "refund succeeded: time_lost"),
    ]


def test_versions_in_the_trail_have_no_gap(system: System) -> None:
    """Whatever happens, version n has row n: no change is missing.

    Cases: P-10, D-4
    """
    held = system.hold(TEN)
    for address in (
        "https://studio.example/a",
        "https://studio.example/b",
        "https://studio.example/c",
    ):
        system.begin_checkout(held, cancel_url=address)
    system.pay(system.session_id(held), "decline")
    system.pay(system.session_id(held))
    system.deliver_webhooks()
    versions = [step[0] for step in _steps(system, held)]

    assert versions == list(range(1, system.booking(held).version + 1))


def test_what_failed_left_no_trace(system: System) -> None:
    """A change that was rolled back has no row.

    Cases: E-8.3
    """
    held = system.hold(TEN)
    with system.database.connect() as connection:
        connection.execute(
            "update core.bookings set status = 'expired', hold_expires_at = null where id = %s",
            (held["id"],),
        )
        connection.rollback()
    system.request(
        "DELETE",
        f"/v1/holds/{held['id']}",
        secret=held["client_secret"],
        headers={"if-match": '"7"'},
    )

    assert len(_trail(system, held)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update audit.booking_events set reason = 'nothing happened'",
        "update audit.booking_events set reason = reason where false",
        "delete from audit.booking_events",
        "truncate audit.booking_events",
        "truncate audit.booking_events cascade",
    ],
)
def test_the_trail_cannot_be_rewritten(system: System, statement: str) -> None:
    """Not even by the superuser by mistake: rows are only added.

    Cases: P-10, E-8.3
    """
    held = system.hold(TEN)
    with pytest.raises(psycopg.DatabaseError) as refusal:
        system.database.execute(statement)

    assert refusal.value.sqlstate == "KHAPP"
    assert len(_trail(system, held)) == 1


@pytest.mark.parametrize(
    "role",
    ["availability", "bookings", "checkout", "confirmation", "deliver", "expire_holds", "health",
     "webhook"],
)  # fmt: skip
@pytest.mark.parametrize(
    "statement",
    ["select from audit.booking_events", "insert into audit.booking_events default values",
     "delete from audit.booking_events", "select from core.bookings",
     "update core.bookings set amount = 50"],
)  # fmt: skip
def test_no_function_reaches_the_tables(system: System, role: str, statement: str) -> None:
    """A Lambda's role may call its functions; tables, the trail included, are closed to it.

    Cases: P-7, E-8.3
    """
    with (
        system.database.connect(f"holdfast_{role}") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_no_status_changes_but_by_a_known_transition(system: System) -> None:
    """Even a direct update in the database cannot confirm what is unpaid, or revive what is over.

    Cases: P-10, P-2
    """
    held = system.hold(TEN)
    for status, error in (("completed", "KHSTA"), ("scheduled", "KHSTA"), ("lost", "KHSTA")):
        with pytest.raises(psycopg.DatabaseError) as refusal:
            system.database.execute(
                "update core.bookings set status = %s, hold_expires_at = null where id = %s",
                status,
                held["id"],
            )
        assert refusal.value.sqlstate == error

    assert len(_trail(system, held)) == 1
