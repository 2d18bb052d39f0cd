"""kill -9 of everything in the middle of a busy run loses nothing and doubles nothing."""

import contextlib
import os
import random
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from dev.stripe_double.double import Double
from dev.stripe_double.storage import Storage
from tests.harness.database.cluster import External
from tests.harness.database.concurrency import wait_until
from tests.harness.database.migrated import Database
from tests.harness.laws.invariants import violations
from tests.stack.running import Answer, Stack, gone, send

pytestmark = pytest.mark.stack

RETURN = {"success_url": "https://studio.example/ok", "cancel_url": "https://studio.example/no"}
CUSTOMERS = 4
CONFIRMED_BEFORE_THE_KILL = 6


@dataclass
class Promises:
    """The answers that customers got before everything was killed."""

    held: dict[str, str] = field(default_factory=dict)  # booking → client secret
    confirmed: set[str] = field(default_factory=set)
    enough: threading.Event = field(default_factory=threading.Event)


def shop(stack: Stack, promises: Promises, chance: random.Random) -> None:
    """Customers who hold, pay, reschedule or walk away, until there are no more answers."""
    while True:
        try:
            slot = chance.choice(stack.slots()[:30])
            held = stack.hold(slot)
            if held.status == 409:
                continue  # another customer was first
            assert held.status == 201, held
            booking, secret = held.body["id"], held.body["client_secret"]
            promises.held[booking] = secret
            fate = chance.random()
            if fate < 0.2:
                stack.call("DELETE", f"/v1/holds/{booking}", booking_secret=secret)
                continue
            checkout = stack.call(
                "POST", f"/v1/bookings/{booking}/checkout", RETURN, booking_secret=secret
            )
            assert checkout.status == 200, checkout
            if fate < 0.35:
                stack.call("DELETE", f"/v1/holds/{booking}", booking_secret=secret)
                continue
            send("POST", checkout.body["checkout_url"], b"action=pay&card_number=4242424242424242")
            if _confirmation(stack, booking, secret).body["status"] == "confirmed":
                promises.confirmed.add(booking)
            if len(promises.confirmed) >= CONFIRMED_BEFORE_THE_KILL:
                promises.enough.set()
        except (OSError, ValueError):  # the connection broke: we were killed
            return


def kill_everything(stack: Stack) -> None:
    """SIGKILL to the supervisor, all its children and the database, at one moment."""
    assert stack.process is not None
    doomed = stack.processes()
    # the gateway first: otherwise it would answer for handlers that died a moment before it
    for process in sorted(doomed, key=lambda process: process != stack.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    stack.process.wait(30)
    assert gone(doomed) == set()


def until_quiet(stack: Stack, double: Double, database: Database) -> None:
    """Let time pass and the schedules run until nothing is left to do."""
    database.clock.advance(timedelta(hours=2))

    def quiet() -> bool:
        swept = stack.invoke("expire_holds")
        delivered = stack.invoke("deliver")
        undelivered = double.state()["counts"]["deliveries"]["pending"]
        return not (swept["expired"] or swept["closing"] or delivered["delivered"] or undelivered)

    wait_until(quiet, timeout=60, what="sweeps, outbox and webhooks to fall quiet")


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_under_load_it_keeps_every_promise(
    new_stack: Callable[[], Stack], seed: int
) -> None:
    """After kill -9 and another start: what was answered is true, and every invariant holds.

    Cases: E-1.7, E-2.2, D-1, P-13
    """
    stack = new_stack().up()
    promises = Promises()
    with ThreadPoolExecutor(CUSTOMERS) as customers:
        shopping = [
            customers.submit(shop, stack, promises, random.Random(seed * 100 + number))
            for number in range(CUSTOMERS)
        ]
        assert promises.enough.wait(90), stack.said()
        kill_everything(stack)
        for each in shopping:
            each.result()

    stack.up()
    database = Database(External(stack.manifest["database"]), "holdfast")
    double = Double(Storage(stack.folder / "stripe.sqlite"))
    try:
        until_quiet(stack, double, database)
        told = {
            booking: _confirmation(stack, booking, secret).body["status"]
            for booking, secret in promises.held.items()
        }

        assert {told[booking] for booking in promises.confirmed} == {"confirmed"}
        assert set(told.values()) <= {"confirmed", "expired"}
        assert violations(database, double, quiescent=True) == []
    finally:
        database.close()
        double.close()


def _confirmation(stack: Stack, booking: str, secret: str) -> Answer:
    answer: Answer = stack.call(
        "GET", f"/v1/bookings/{booking}/confirmation", booking_secret=secret
    )
    assert answer.status == 200, answer
    return answer
