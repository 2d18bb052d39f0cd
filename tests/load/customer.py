"""A customer: what it asks of the API and of the payment page, and how it checks the answers."""

import json
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from tests.load.channel import Answer, Line, Request, Watcher

_ROUND_SECONDS = 3.0  # for that long, all customers want the same few times
_REPEATS = 8


@dataclass
class Booking:
    """What this customer knows of one of its bookings."""

    id: str
    secret: str
    version: int
    starts_at: str
    told: str = "held"
    page: str = ""
    paid: bool = False


class Customer:
    """Acts on the API with a publishable key and on the payment page as a browser would.

    Args:
        order: manifest of the stack; seed, and number of this customer; started and until, readings
            of time.monotonic(), which all processes of a machine share; rate, requests a second.
    """

    def __init__(self, order: dict[str, Any]) -> None:
        self.manifest = order["manifest"]
        self.until: float = order["until"]
        self.started: float = order["started"]
        self.seed: int = order["seed"]
        self.chance = random.Random(f"{order['seed']}/{order['number']}")
        self.watcher = Watcher()
        self.api = Line(self.manifest["api"], self.watcher, 1 / order["rate"])
        self.stripe = Line(self.manifest["stripe"], self.watcher, 1 / order["rate"])
        self.kept: list[Booking] = []

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.until

    def pause(self, low: float, high: float) -> None:
        """Think for some seconds; people don't answer within a millisecond."""
        time.sleep(min(self.chance.uniform(low, high), max(0.0, self.until - time.monotonic())))

    # single requests ----------------------------------------------------------------------------

    def request(
        self,
        operation: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        booking: Booking | None = None,
        **headers: str,
    ) -> Request:
        """A request with the key, a JSON body, and the booking's secret."""
        given = {"authorization": f"Bearer {self.manifest['publishable_key']}"}
        if booking is not None:
            given["booking-secret"] = booking.secret
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = None
        if body is not None:
            given["content-type"] = "application/json"
            content = json.dumps(body).encode()
        return Request(operation, method, path, given, content)

    def insist(self, request: Request) -> Answer | None:
        """Ask, and repeat while the answer says so; None when that leads nowhere."""
        for attempt in range(_REPEATS):
            answer = self.api.ask(request)
            if answer is None or not answer.again:
                return answer
            self.pause(0.1, 0.4 * (attempt + 1))
        self.watcher.tell(gave_up=request.operation)
        return None

    def insist_twice(self, request: Request) -> Answer | None:
        """The same request over two connections at once: one effect, and one answer for both.

        Of two releases one may get "done", the other "under way".
        """
        both = [answer for answer in self.api.ask_all(request, request) if answer is not None]
        done = [answer for answer in both if 200 <= answer.status < 300]
        if len(done) == 2 and _essence(done[0]) != _essence(done[1]):
            self.watcher.complain(f"{request.operation}: one key, two answers: {both}")
        return done[0] if done else self.insist(request)

    # what there is ------------------------------------------------------------------------------

    def wish(self) -> tuple[dict[str, Any], dict[str, Any], datetime]:
        """A resource, one of its offerings, and a day: what all want just now, or any."""
        round_number = int((time.monotonic() - self.started) / _ROUND_SECONDS)
        hot = self.chance.random() < 0.6
        mind = random.Random(f"{self.seed}/{round_number}") if hot else self.chance
        resource = mind.choice(self.manifest["resources"])
        offering = self.chance.choice(resource["offerings"])
        days = 360 if resource["booking_mode"] == "date" else 85
        day = datetime.now(UTC) + timedelta(days=mind.randrange(1, days))
        return resource, offering, day

    def slots(
        self, resource: dict[str, Any], offering: dict[str, Any], day: datetime
    ) -> list[dict[str, Any]]:
        """Free times from that day on, the earliest first; read again they are unchanged or new."""
        width = timedelta(days=5 if resource["booking_mode"] == "date" else 1)
        query = f"offering_id={offering['id']}&from={_instant(day)}&to={_instant(day + width)}"
        path = f"/v1/resources/{resource['id']}/slots?{query}"
        answer = self.insist(self.request("listSlots", "GET", path))
        if answer is None or answer.status != 200:
            return []
        found: list[dict[str, Any]] = answer.body["slots"]
        starts = [slot["starts_at"] for slot in found]
        if starts != sorted(set(starts)) or any(slot["remaining"] < 1 for slot in found):
            self.watcher.complain("listSlots is out of order or lists what is taken", answer)
        if self.chance.random() < 0.1:
            self.insist(
                self.request("listSlots", "GET", path, if_none_match=answer.headers["etag"])
            )
        return found

    def look_around(self) -> None:
        """The catalogue, page by page."""
        cursor = ""
        for _ in range(3):
            answer = self.insist(
                self.request("listResources", "GET", f"/v1/resources?limit=2{cursor}")
            )
            if answer is None or answer.status != 200 or answer.body["next_cursor"] is None:
                return
            cursor = f"&cursor={quote(answer.body['next_cursor'])}"

    def read_list(self) -> None:
        """A page of all bookings, as the shop's own server reads it."""
        authorization = f"Bearer {self.manifest['secret_key']}"
        path = f"/v1/bookings?limit={self.chance.choice((5, 20, 100))}"
        if self.chance.random() < 0.5:
            path += "&status=scheduled"
        answer = self.insist(self.request("listBookings", "GET", path, authorization=authorization))
        if answer is None or answer.status != 200:
            return
        starts = [booking["starts_at"] for booking in answer.body["bookings"]]
        if starts != sorted(starts):
            self.watcher.complain("listBookings is out of order", answer)

    def read(self, booking: Booking) -> None:
        """The booking itself: its version never decreases, and it keeps the time it had."""
        answer = self.insist(
            self.request("getBooking", "GET", f"/v1/bookings/{booking.id}", booking=booking)
        )
        if answer is not None and answer.status == 200:
            self.note(booking, answer.body)

    def note(self, booking: Booking, body: dict[str, Any]) -> None:
        """Record a booking from an answer."""
        if body["id"] != booking.id or body["starts_at"] != booking.starts_at:
            self.watcher.complain(f"{booking} has become {body}")
        if body["version"] < booking.version:
            self.watcher.complain(f"{booking} went back to version {body['version']}")
        booking.version = max(booking.version, body["version"])

    def confirmation(self, booking: Booking) -> str:
        """Its state; confirmed is for ever."""
        path = f"/v1/bookings/{booking.id}/confirmation"
        answer = self.insist(self.request("getConfirmation", "GET", path, booking=booking))
        if answer is None or answer.status != 200:
            return booking.told
        self.note(booking, answer.body["booking"])
        if booking.told == "confirmed" and answer.body["status"] != "confirmed":
            self.watcher.complain(f"{booking.id} was confirmed", answer)
        booking.told = answer.body["status"]
        return booking.told

    # the payment page ---------------------------------------------------------------------------

    def at_page(self, booking: Booking, action: str, card: str = "") -> int:
        """Press a button on the payment page; the status, 303 when it led on."""
        body = f"action={action}&card_number={card}".encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        path = urlsplit(booking.page).path
        answer = self.stripe.ask(Request("pay page", "POST", path, headers, body))
        return 0 if answer is None else answer.status

    def bank_decides(self, booking: Booking) -> None:
        """Days later a delayed payment succeeds or fails."""
        session = urlsplit(booking.page).path.rpartition("/")[2]
        succeeded = self.chance.random() < 0.6
        body = {"session_id": session, "outcome": "succeed" if succeeded else "fail"}
        request = Request("bank", "POST", "/_double/settle", {}, json.dumps(body).encode())
        answer = self.stripe.ask(request)
        booking.paid = succeeded and answer is not None and answer.status == 200


def _essence(answer: Answer) -> tuple[Any, Any]:
    """What two answers to one request must have in common."""
    return answer.body.get("id"), answer.body.get("checkout_url")


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
