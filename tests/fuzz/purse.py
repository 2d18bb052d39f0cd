"""Real ids for made-up requests: resources, free times, bookings in many states, and their secrets.

Without them every request would end at the door, as 401 or 404, and prove nothing of what is
behind it.
"""

import random
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stack.running import Answer, Stack, send

_KEPT = 40
_RETURN = {"success_url": "https://studio.example/ok", "cancel_url": "https://studio.example/no"}


@dataclass
class Held:
    """A booking that was made for a request to meet."""

    id: str
    secret: str
    version: int


class Purse:
    """What is known to exist. Everything in it is chosen by the seed and by what is still free."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.stack = stack
        self.chance = random.Random(seed)
        self.bookings: deque[Held] = deque(maxlen=_KEPT)
        self._slots: list[dict[str, Any]] = []
        for state in ("held", "held", "paying", "paid", "released"):
            self.make(state)

    def free_time(self) -> dict[str, Any]:
        """The fields of a hold on a time that was free a moment ago."""
        if not self._slots:
            self._slots = self._look()
        return self._slots.pop()

    def _look(self) -> list[dict[str, Any]]:
        while True:
            resource = self.chance.choice(self.stack.manifest["resources"])
            offering = self.chance.choice(resource["offerings"])
            days = self.chance.randrange(1, 360 if resource["booking_mode"] == "date" else 85)
            day = datetime.now(UTC) + timedelta(days=days)
            window = f"from={_instant(day)}&to={_instant(day + timedelta(days=3))}"
            path = f"/v1/resources/{resource['id']}/slots?offering_id={offering['id']}&{window}"
            answer = self.stack.call("GET", path)
            assert answer.status == 200, answer
            starts = [_start(slot) for slot in _apart(answer.body["slots"])]
            if starts:
                ids = {"resource_id": resource["id"], "offering_id": offering["id"]}
                return [{**ids, **start} for start in self.chance.sample(starts, k=len(starts))]

    def make(self, state: str) -> Held:
        """Hold a time, and bring the booking into that state: held, paying, paid or released."""
        while True:
            body = {**self.free_time(), "customer": {"name": "Ada", "email": somebody()}}
            answer = self.stack.call("POST", "/v1/holds", body)
            if answer.status == 201:
                break
            assert answer.status == 409, answer  # a fuzzed request took it
        held = Held(answer.body["id"], answer.body["client_secret"], answer.body["version"])
        if state == "released":
            self._must(self.stack.call("DELETE", f"/v1/holds/{held.id}", **_opens(held)))
        elif state != "held":
            path = f"/v1/bookings/{held.id}/checkout"
            page = self._must(self.stack.call("POST", path, _RETURN, **_opens(held)))
            if state == "paid":
                form = b"action=pay&card_number=4242424242424242"
                send("POST", page.body["checkout_url"], form)
        self.keep(held)
        return held

    def keep(self, held: Held) -> None:
        """Remember a booking for requests to come."""
        self.bookings.append(held)

    def booking(self, fresh: float) -> Held:
        """One that is known, or, with that probability, one that has just been held."""
        if self.chance.random() < fresh:
            return self.make(self.chance.choice(("held", "held", "paying", "paid", "released")))
        return self.chance.choice(self.bookings)

    def key(self) -> str:
        """An idempotency key; now and then one that may have been used before."""
        if self.chance.random() < 0.1:
            return f"used-{self.chance.randrange(5)}"
        return str(uuid.UUID(int=self.chance.getrandbits(128)))

    @staticmethod
    def _must(answer: Answer) -> Answer:
        assert answer.status in (200, 202), answer
        return answer


def _opens(held: Held) -> dict[str, str]:
    return {"booking_secret": held.secret}


def _apart(slots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of them that leave each other alone, buffers included."""
    chosen: list[dict[str, Any]] = []
    for slot in slots:
        if not chosen or slot["starts_at"] >= _later(chosen[-1]["ends_at"]):
            chosen.append(slot)
    return chosen


def _later(instant: str) -> str:
    return _instant(datetime.fromisoformat(instant) + timedelta(hours=1))


def _start(slot: dict[str, Any]) -> dict[str, Any]:
    return {"date": slot["date"]} if slot["date"] else {"starts_at": slot["starts_at"]}


def somebody() -> str:
    """Somebody new each time: one person may hold only so much."""
    return f"{uuid.uuid4().hex}@example.com"


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
