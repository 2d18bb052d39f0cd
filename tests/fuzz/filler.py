"""Puts real values into a made-up request that would otherwise be refused at once."""

import random
from typing import Any

import schemathesis

from tests.fuzz.bodies import ZONES, Bodies
from tests.fuzz.inventory import new_email
from tests.fuzz.registry import Known, Registry, names

Case = schemathesis.Case[Any]

_WRONG_KEYS = ("", "Bearer", "Bearer pk_test_0000000000000000", "Basic cGs6", "pk_test_1")
# Few of the known bookings can be paid or rescheduled.
_STATES = {
    "POST /v1/bookings/{booking_id}/checkout": ("held",),
    "POST /v1/bookings/{booking_id}/reschedule": ("held", "paid"),
    "DELETE /v1/bookings/{booking_id}/reschedule": ("moving",),
}


class Filler:
    """Knows which real value belongs where in a request."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._bodies = Bodies(registry)

    def fill(self, case: Case, dice: random.Random, *, negative: bool) -> Known:
        """Make most of a request real; a negative one keeps its faults more often.

        Returns:
            What it is about.
        """
        item = self._item(case, dice, negative=negative)
        self._credentials(case, item, dice)
        if case.method == "POST" and dice.random() < (0.7 if negative else 0.97):
            case.headers["Idempotency-Key"] = self._registry.key()
        self._version(case, item, dice)
        if dice.random() < (0.6 if negative else 0.95):
            self._path(case, item, dice)
        if not negative:
            self._query(case, dice)
            if isinstance(case.body, dict):
                self._bodies.fill(case.operation.label, case.body, item, dice)
        return item

    def _item(self, case: Case, dice: random.Random, *, negative: bool) -> Known:
        """What the last parameter of the path names; without any, a booking."""
        states = _STATES.get(case.operation.label)
        if states is not None and dice.random() < (0.1 if negative else 0.85):
            return self._registry.book(dice.choice(states))
        name = (names(case.path) or ["booking_id"])[-1]
        return self._registry.item(name, fresh=0.15)

    def _credentials(self, case: Case, item: Known, dice: random.Random) -> None:
        for name in list(case.headers):
            if name.lower() in {"authorization", "booking-secret"}:
                del case.headers[name]
        schemes = case.operation.definition.raw.get("security") or [{}]
        of_servers = all("secretKey" in scheme for scheme in schemes)
        secret_key = dice.random() < (0.95 if of_servers else 0.2)
        key = self._registry.stack.manifest["secret_key" if secret_key else "publishable_key"]
        case.headers["Authorization"] = f"Bearer {key}"
        if dice.random() < 0.04:
            case.headers["Authorization"] = dice.choice(_WRONG_KEYS)
        if dice.random() < 0.93:
            case.headers["Booking-Secret"] = item.secret

    @staticmethod
    def _version(case: Case, item: Known, dice: random.Random) -> None:
        sent = next((name for name in case.headers if name.lower() == "if-match"), None)
        if sent is not None and dice.random() < 0.9:
            version = f'"{item.version}"'
            case.headers[sent] = dice.choice((version, version, f"W/{version}", "*"))

    def _path(self, case: Case, item: Known, dice: random.Random) -> None:
        for name in case.path_parameters:
            case.path_parameters[name] = item.id
        if "file" in case.path_parameters:
            case.path_parameters["file"] = item.file
        elif len(case.path_parameters) > 1:
            case.path_parameters["resource_id"] = item.answer["resource_id"]
        elif case.path.endswith("/slots") and dice.random() < 0.8:  # else of the fuzzer's own
            (name,) = case.path_parameters
            kind = "pools" if name == "pool_id" else "resources"
            case.path_parameters[name] = dice.choice(self._registry.stack.manifest[kind])["id"]

    def _query(self, case: Case, dice: random.Random) -> None:
        """Values that belong together, and a period that is not thousands of years long."""
        if dice.random() < 0.9:
            case.query.pop("cursor", None)  # a made-up one is refused
        if "tz" in case.query and dice.random() < 0.9:
            case.query["tz"] = dice.choice(ZONES)
        if dice.random() < 0.7:
            for name in ("from", "to"):
                case.query.pop(name, None)
        if case.path.endswith("/slots") and dice.random() < 0.9:
            self._offering(case, dice)
        elif case.path.endswith("/explain") and dice.random() < 0.8:
            self._time(case, dice)

    def _offering(self, case: Case, dice: random.Random) -> None:
        """One that the resource has, or that a resource of the pool has."""
        (wanted,) = case.path_parameters.values()
        manifest = self._registry.stack.manifest
        pooled = {each["id"]: each["resource_ids"] for each in manifest["pools"]}
        wanted = dice.choice(pooled.get(wanted, [wanted]))
        case.query.pop("offering_id", None)
        for resource in manifest["resources"]:
            if resource["id"] == wanted:
                case.query["offering_id"] = dice.choice(resource["offerings"])["id"]

    def _time(self, case: Case, dice: random.Random) -> None:
        """A taken time, or a free one that is then forgotten."""
        inventory = self._registry.inventory
        time = dict(inventory.taken_time() if dice.random() < 0.5 else inventory.free_time())
        case.path_parameters["resource_id"] = time.pop("resource_id")
        for name in ("starts_at", "date"):
            case.query.pop(name, None)
        case.query.update(time)
        if "customer_email" in case.query:
            case.query["customer_email"] = new_email()
