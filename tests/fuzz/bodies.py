"""Puts real values into made-up bodies: readable names, existing ids, free times."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.fuzz.inventory import new_email
from tests.fuzz.registry import Known, Registry, season

Body = dict[str, Any]

_MADE_UP = 0.15  # of all bodies with a meaning stay as they are,
_FIELD_MADE_UP = 0.05  # and of all fields of the others
_TEXTS = (
    "Ada Lovelace",
    "Ünïted Colours — 会議室",
    "a",
    "Room\u00a07",
    "👩\u200d🔬 Lab",
    "x" * 200,
)
ZONES = ("Europe/London", "Australia/Lord_Howe", "America/New_York", "UTC", "Asia/Kathmandu")
_STEPS = (5, 10, 15, 30, 60, 90, 480, 1440)
_CURRENCIES = ("EUR", "JPY", "USD", "GBP")
_FEED = "https://calendar.example/{}.ics"  # never read: there is no sweep, and no hold there


class Bodies:
    """Knows what the fields of a body mean."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._fields: dict[str, Callable[[random.Random], Any]] = {
            "name": lambda dice: dice.choice(_TEXTS),
            "reason": lambda dice: dice.choice(_TEXTS),
            "notes": lambda dice: dice.choice(_TEXTS),
            "timezone": lambda dice: dice.choice(ZONES),
            "step_minutes": lambda dice: dice.choice(_STEPS),
            "offering_ids": lambda dice: self._ids("offering_id", dice),
            "resource_ids": lambda dice: self._ids("resource_id", dice),
            "prices": _prices,
            "url": lambda dice: _FEED.format(dice.randrange(100)),
            "customer": lambda dice: {"name": dice.choice(_TEXTS), "email": new_email()},
            "success_url": lambda _: "https://studio.example/ok?session={CHECKOUT_SESSION_ID}",
            "cancel_url": lambda dice: f"https://studio.example/{dice.randrange(3)}",
        }
        self._wholes: dict[str, Callable[[Body, Known, random.Random], None]] = {
            "holds": self._hold,
            "waitlist": self._wait,
            "reschedule": self._move,
            "resources": self._resource,
            "offerings": self._offering,
            "hours": self._hours,
            "overrides": self._override,
            "blackouts": self._blackout,
        }

    def fill(self, operation: str, body: Body, item: Known, dice: random.Random) -> None:
        """Make most of a body real.

        Args:
            operation: method and path, as in the description.
            item: what the request is about.
        """
        if body and dice.random() < _MADE_UP:
            return
        for name in body.keys() & self._fields.keys():
            if dice.random() >= _FIELD_MADE_UP:
                body[name] = self._fields[name](dice)
        parts = [part for part in operation.split("/") if not part.startswith("{")]
        whole = self._wholes.get(parts[-1])
        if whole is not None:
            whole(body, item, dice)

    def _ids(self, name: str, dice: random.Random) -> list[str]:
        found = {self._registry.item(name).id for _ in range(dice.randrange(4))}
        return sorted(found)

    # times --------------------------------------------------------------------------------------

    def _hold(self, body: Body, _: Known, __: random.Random) -> None:
        for name in ("starts_at", "date", "tier", "package", "items", "repeat", "pool_id"):
            body.pop(name, None)
        body |= self._registry.inventory.free_time()

    def _wait(self, body: Body, _: Known, __: random.Random) -> None:
        for name in ("starts_at", "date", "tier", "package"):
            body.pop(name, None)
        body |= self._registry.inventory.taken_time()

    def _move(self, body: Body, booking: Known, _: random.Random) -> None:
        for name in ("starts_at", "date"):
            body.pop(name, None)
        body |= self._registry.inventory.free_time(booking.answer["offering_id"])
        del body["offering_id"]

    # the catalogue ------------------------------------------------------------------------------

    def _resource(self, body: Body, item: Known, _: random.Random) -> None:
        if "offering_ids" in body and _mode(body, item) != "slot":
            body["offering_ids"] = []

    def _offering(self, body: Body, item: Known, _: random.Random) -> None:
        if _mode(body, item) == "date":
            body.pop("duration_minutes", None)
        elif "duration_minutes" not in item.answer:
            body.setdefault("duration_minutes", 60)

    def _hours(self, body: Body, _: Known, __: random.Random) -> None:
        if body.get("opens", "") == body.get("closes"):
            body["opens"], body["closes"] = "22:00", "06:00"
        body |= season(self._registry.day().isoformat())

    def _override(self, body: Body, _: Known, __: random.Random) -> None:
        if body.get("opens") is None or body.get("closes") is None:
            body["opens"] = body["closes"] = None
        elif body["opens"] == body["closes"]:
            body["closes"] = "24:00"
        body["date"] = self._registry.day().isoformat()

    def _blackout(self, body: Body, _: Known, dice: random.Random) -> None:
        first = self._registry.day()
        last = first + timedelta(days=dice.choice((0, 1, 365)))
        for name in ("starts_at", "ends_at", "from_date", "to_date"):
            body.pop(name, None)
        if dice.random() < 0.5:
            body |= {"from_date": first.isoformat(), "to_date": last.isoformat()}
        else:
            body |= {"starts_at": f"{first}T09:00:00Z", "ends_at": f"{last}T09:00:01+00:00"}


def _mode(body: Body, item: Known) -> str:
    """How it is booked: an existing resource keeps its mode, a new one has the body's."""
    return str(item.answer.get("booking_mode") or body.get("booking_mode", "slot"))


def _prices(dice: random.Random) -> list[Body]:
    return [
        {"tier": tier, "package": "single", "amount": dice.choice((50, 4500, 99_999_999))}
        | {"currency": dice.choice(_CURRENCIES)}
        for tier in dice.sample(("standard", "premium", "child"), k=dice.randrange(4))
    ]
