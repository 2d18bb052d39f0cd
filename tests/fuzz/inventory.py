"""What the stack has to sell: free times, taken times, bookings in many states."""

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stack.running import Answer, Stack, send

STATES = ("held", "held", "paying", "paid", "released")
_RETURN = {"success_url": "https://studio.example/ok", "cancel_url": "https://studio.example/no"}
_PAY = b"action=pay&card_number=4242424242424242"
_PRICE = {"tier": "standard", "package": "single", "currency": "EUR"}
_TAKEN = 6  # that many times are waited for, until others are

Time = dict[str, Any]  # resource_id, offering_id, and starts_at or date, as in a hold


class Inventory:
    """Books the resources of the stack, and changes none of them."""

    def __init__(self, stack: Stack, chance: random.Random) -> None:
        self._stack = stack
        self._chance = chance
        self._free: dict[tuple[str, str], list[tuple[int, Time]]] = {}  # with the places left
        self._taken: list[Time] = []
        self._rising: tuple[str, str] | None = None  # an offering that costs more every time
        self._amount = 5000
        self._sold = [
            (resource["id"], offering["id"])
            for resource in stack.manifest["resources"]
            for offering in resource["offerings"]
        ]

    # times --------------------------------------------------------------------------------------

    def free_time(self, offering_id: str | None = None) -> Time:
        """A time that was free a moment ago, of any offering or of this one."""
        chosen = [sold for sold in self._sold if offering_id in (None, sold[1])]
        return self._free_at(*self._chance.choice(chosen or [self._rising_offering()]))[1]

    def taken_time(self) -> Time:
        """A time of which nothing was left a moment ago."""
        if len(self._taken) < _TAKEN or self._chance.random() < 0.5:
            places = 0
            while places != 1:
                places, time = self._free_at(*self._chance.choice(self._sold))
            self._hold(time)  # if it fails, another customer has taken it
            self._taken = [*self._taken[1 - _TAKEN :], time]
        return self._chance.choice(self._taken)

    def _free_at(self, resource_id: str, offering_id: str) -> tuple[int, Time]:
        times = self._free.setdefault((resource_id, offering_id), [])
        ids = {"resource_id": resource_id, "offering_id": offering_id}
        while not times:
            day = datetime.now(UTC) + timedelta(days=self._chance.randrange(1, 85))
            window = f"from={_instant(day)}&to={_instant(day + timedelta(days=10))}"
            path = f"/v1/resources/{resource_id}/slots?offering_id={offering_id}&{window}"
            slots = _apart(_done(self._stack.call("GET", path)).body["slots"])
            times += [(slot["remaining"], {**ids, **_start(slot)}) for slot in slots]
            self._chance.shuffle(times)
        return times.pop()

    # bookings -----------------------------------------------------------------------------------

    def book(self, state: str) -> dict[str, Any]:
        """A booking, with its secret, that is held, pending, paid, released, or being rescheduled.

        One that is being rescheduled was paid, and waits for the payment of a dearer time.
        """
        rising = self._rising_offering()[1] if state == "moving" else None
        answer = self._hold(self.free_time(rising))
        while answer.status != 201:
            assert answer.status == 409, answer  # a fuzzed request took it
            answer = self._hold(self.free_time(rising))
        held: dict[str, Any] = answer.body
        opens = {"booking_secret": held["client_secret"]}
        path = f"/v1/bookings/{held['id']}"
        if state == "released":
            answer = _done(self._stack.call("DELETE", f"/v1/holds/{held['id']}", **opens))
        elif state != "held":
            answer = _done(self._stack.call("POST", f"{path}/checkout", _RETURN, **opens))
            if state != "paying":
                send("POST", answer.body["checkout_url"], _PAY)
                answer = _done(self._stack.call("GET", f"{path}/confirmation", **opens))
            if state == "moving":
                self._raise_price()
                start = {**self.free_time(rising)}
                del start["offering_id"]
                answer = _done(self._stack.call("POST", f"{path}/reschedule", start, **opens))
        return {**held, **answer.body.get("booking", answer.body)}

    def _hold(self, time: Time) -> Answer:
        body = {**time, "customer": {"name": "Ada", "email": new_email()}}
        return self._stack.call("POST", "/v1/holds", body)

    def _rising_offering(self) -> tuple[str, str]:
        """A resource and its offering, which no other request uses."""
        if self._rising is None:
            prices = [{**_PRICE, "amount": self._amount}]
            offering = self._keep(
                "offerings", {"name": "Dearer", "duration_minutes": 60, "prices": prices}
            )
            resource = self._keep(
                "resources",
                {"name": "Dear", "timezone": "UTC", "capacity": 1000, "offering_ids": [offering]},
            )
            hours = {"weekday": 1, "opens": "00:00", "closes": "24:00"}
            self._keep(f"resources/{resource}/hours", hours)
            self._rising = (resource, offering)
        return self._rising

    def _raise_price(self) -> None:
        self._amount += 100
        body = {"prices": [{**_PRICE, "amount": self._amount}]}
        path = f"/v1/catalogue/offerings/{self._rising_offering()[1]}"
        _done(self._stack.call("PATCH", path, body, **self._server(), if_match="*"))

    def _keep(self, kind: str, body: dict[str, Any]) -> str:
        path = f"/v1/catalogue/{kind}"
        return str(_done(self._stack.call("POST", path, body, **self._server())).body["id"])

    def _server(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._stack.manifest['secret_key']}"}


def _done(answer: Answer) -> Answer:
    assert answer.status in (200, 201, 202), answer
    return answer


def _apart(slots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of them that do not conflict, buffers included."""
    chosen: list[dict[str, Any]] = []
    for slot in slots:
        if not chosen or slot["starts_at"] >= _later(chosen[-1]["ends_at"]):
            chosen.append(slot)
    return chosen


def _later(instant: str) -> str:
    return _instant(datetime.fromisoformat(instant) + timedelta(hours=1))


def _start(slot: dict[str, Any]) -> dict[str, Any]:
    return {"date": slot["date"]} if slot["date"] else {"starts_at": slot["starts_at"]}


def new_email() -> str:
    """A new customer each time, since each may hold only so much."""
    return f"{uuid.uuid4().hex}@example.com"


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
