"""Real values by the names of path parameters: ids, versions, secrets.

Without it every request would end at once, as 401 or 404, and prove nothing of what comes after.
Everything of the catalogue in here is the fuzzer's own and may be changed or archived; what the
stack has to sell (`Inventory`) stays as it is.
"""

import random
import re
import uuid
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.fuzz.inventory import STATES, Inventory, new_email
from tests.stack.running import Stack

_KEPT = 40
_CATALOGUE = "/v1/catalogue/"
_RESOURCE = f"{_CATALOGUE}resources/{{resource_id}}"
# Where each thing is made, by the name of its id in paths.
_COLLECTIONS = {
    "booking_id": "/v1/holds",
    "place_id": "/v1/waitlist",
    "resource_id": f"{_CATALOGUE}resources",
    "offering_id": f"{_CATALOGUE}offerings",
    "pool_id": f"{_CATALOGUE}pools",
    "hours_id": f"{_RESOURCE}/hours",
    "override_id": f"{_RESOURCE}/overrides",
    "blackout_id": f"{_RESOURCE}/blackouts",
    "calendar_id": f"{_RESOURCE}/calendars",
    "feed_id": f"{_RESOURCE}/calendar-feeds",
}
_NAMES = {path: name for name, path in _COLLECTIONS.items()}
_ALIASES = {"hold_id": "booking_id", "file": "feed_id"}


@dataclass
class Known:
    """Something that exists: the last answer about it, and the secret that opens it."""

    id: str
    answer: dict[str, Any]
    secret: str = ""
    file: str = ""  # the last part of a feed's address

    @property
    def version(self) -> int:
        """As far as is known."""
        return int(self.answer.get("version", 1))


class Registry:
    """What is known to exist. Every choice depends on the seed and on what is still free."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.stack = stack
        self.chance = random.Random(seed)
        self.inventory = Inventory(stack, self.chance)
        self._known: dict[str, deque[Known]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._day = date(2027, 1, 1)
        for state in STATES:
            self.book(state)

    # what there is ------------------------------------------------------------------------------

    def item(self, name: str, fresh: float = 0.0) -> Known:
        """Something with that name in a path; with that probability it was just made."""
        name = _ALIASES.get(name, name)
        if not self._known[name] or self.chance.random() < fresh:
            return self._make(name)
        return self.chance.choice(self._known[name])

    def book(self, state: str) -> Known:
        """A booking of its own; see `Inventory.book`."""
        return self._keep("booking_id", self.inventory.book(state))

    def day(self) -> date:
        """A local day that none of the fuzzer's rules is about, nor about its neighbours."""
        self._day += timedelta(days=3)
        return self._day

    def key(self) -> str:
        """An idempotency key; now and then one that may have been used before."""
        if self.chance.random() < 0.1:
            return f"used-{self.chance.randrange(5)}"
        return str(uuid.UUID(int=self.chance.getrandbits(128)))

    # what becomes of it -------------------------------------------------------------------------

    def learn(self, method: str, path: str, item: Known, answer: Any) -> None:
        """Add what a made-up request has made, changed or deleted.

        Args:
            path: as in the description.
            item: what the request was about.
            answer: the value of the answer, which was 2xx; None if it had none.
        """
        if method == "POST" and path in _NAMES:
            self._keep(_NAMES[path], answer)
        elif method == "DELETE" and path.startswith(_CATALOGUE):
            self._forget(item)
        elif isinstance(answer, dict):
            answer = answer.get("booking", answer)  # of a checkout or a confirmation
            if answer.get("id") == item.id:
                item.answer = answer

    def _keep(self, name: str, answer: dict[str, Any]) -> Known:
        file = str(answer.get("url", "")).rpartition("/")[2]
        item = Known(answer["id"], answer, answer.get("client_secret", ""), file)
        self._known[name].append(item)
        return item

    def _forget(self, item: Known) -> None:
        """Mostly: a deleted item is asked for now and then."""
        for kept in self._known.values():
            if item in kept and self.chance.random() < 0.8:
                kept.remove(item)

    # making -------------------------------------------------------------------------------------

    def _make(self, name: str) -> Known:
        if name == "booking_id":
            return self.book(self.chance.choice(STATES))
        path = _COLLECTIONS[name]
        if "{resource_id}" in path:
            path = path.replace("{resource_id}", self.item("resource_id", fresh=0.2).id)
        key = {"authorization": f"Bearer {self.stack.manifest['secret_key']}"}
        answer = self.stack.call("POST", path, self._body(name), **key)
        if answer.status in (404, 409):  # the resource was archived, or has too many of them
            self._make("resource_id")
            return self._make(name)
        assert answer.status == 201, answer
        return self._keep(name, answer.body)

    def _body(self, name: str) -> dict[str, Any] | None:
        if name == "place_id":
            customer = {"name": "Grace", "email": new_email()}
            return {**self.inventory.taken_time(), "customer": customer}
        day = self.day().isoformat()
        bodies: dict[str, dict[str, Any]] = {
            "resource_id": {"name": "Room", "timezone": "Europe/London"},
            "offering_id": {"name": "Lesson", "duration_minutes": 60},
            "pool_id": {"name": "Any room"},
            "hours_id": {"weekday": 1, "opens": "09:00", "closes": "17:00", **season(day)},
            "override_id": {"date": day},
            "blackout_id": {"from_date": day, "to_date": day},
            "calendar_id": {"name": "Private", "url": "https://calendar.example/a.ics"},
        }
        return bodies.get(name)


def season(day: str) -> dict[str, str]:
    """Weekly hours of this very day."""
    return {"valid_from": day, "valid_until": day}


def names(path: str) -> list[str]:
    """The parameters of a path of the description, in order."""
    return re.findall(r"\{(\w+)\}", path)
