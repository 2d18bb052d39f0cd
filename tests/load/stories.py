"""One customer process: whole stories over HTTP, one after the other, until the time is up.

    python -m tests.load.stories <<< '{"manifest": …, "seed": 7, "number": 0, …}'

Every choice is random, from the seed; only the order of arrival depends on the clock.
"""

import json
import sys
import uuid
from typing import Any

from dev.programs.processes import exit_with_parent
from tests.load.channel import Answer
from tests.load.customer import Booking, Customer

_VISA, _DECLINED, _SLOW_REFUND = "4242424242424242", "4000000000000002", "4000000000007726"
_POLLS = 12
_PAGES = ("https://studio.example/a", "https://studio.example/b")


def live(customer: Customer) -> None:
    """Story after story. The final knowledge of each booking is reported to the watcher."""
    while not customer.over:
        chance = customer.chance.random()
        if chance < 0.06:
            customer.look_around()
        elif chance < 0.14:
            customer.read_list()
        elif chance < 0.24 and customer.kept:
            customer.confirmation(customer.chance.choice(customer.kept))
        elif (booking := hold(customer)) is not None:
            decide(customer, booking)
            if booking.told == "confirmed":
                customer.kept.append(booking)
            customer.watcher.tell(
                booking=booking.id, secret=booking.secret, told=booking.told, paid=booking.paid
            )
    customer.watcher.tell(bye=True)


def hold(customer: Customer) -> Booking | None:
    """See what is free, and hold one of the first; or, if another customer was first, an
    alternative.
    """
    resource, offering, day = customer.wish()
    slots = customer.slots(resource, offering, day)
    if not slots:
        return None
    slot = customer.chance.choice(slots[:2])
    for _ in range(3):
        key = str(uuid.UUID(int=customer.chance.getrandbits(128)))
        answer = _hold(customer, resource, offering, slot, key)
        if answer is None:
            return None
        if answer.status == 201:
            body = answer.body
            customer.watcher.tell(key=key, made=body["id"])
            return Booking(body["id"], body["client_secret"], body["version"], body["starts_at"])
        if answer.code != "slot_taken":
            return None
        if not answer.body["alternatives"] or customer.chance.random() < 0.4:
            return None
        slot = customer.chance.choice(answer.body["alternatives"])
    return None


def _hold(
    customer: Customer,
    resource: dict[str, Any],
    offering: dict[str, Any],
    slot: dict[str, Any],
    key: str,
) -> Answer | None:
    start = {"date": slot["date"]} if slot["date"] else {"starts_at": slot["starts_at"]}
    body = {
        "resource_id": resource["id"],
        "offering_id": offering["id"],
        **start,
        "customer": {"name": "Grace Hopper", "email": f"grace.{key[:8]}@example.com"},
    }
    request = customer.request("createHold", "POST", "/v1/holds", body, idempotency_key=key)
    twice = customer.chance.random() < 0.25
    answer = customer.insist_twice(request) if twice else customer.insist(request)
    if answer is not None and answer.status == 201 and customer.chance.random() < 0.15:
        again = customer.insist(request)
        if again is not None and (again.status, again.body["id"]) != (201, answer.body["id"]):
            customer.watcher.complain(f"{key} repeated gave another answer", again)
    return answer


def decide(customer: Customer, booking: Booking) -> None:
    """Pay, hesitate, release it, or just go away."""
    fate = customer.chance.random()
    if fate < 0.08:
        return  # gone, without a word
    if fate < 0.16:
        release(customer, booking)
        return
    if not checkout(customer, booking, _PAGES[0]):
        return
    customer.pause(0.0, 0.5)
    if fate < 0.24:
        customer.at_page(booking, "abandon")
    elif fate < 0.31:
        release(customer, booking)
    elif fate < 0.38:
        release_while_paying(customer, booking)
    elif fate < 0.45:
        change_pages(customer, booking)
    elif fate < 0.57:
        pay_later(customer, booking)
    elif fate < 0.67:
        customer.at_page(booking, "decline", _DECLINED)
        customer.pause(0.0, 0.5)
        pay(customer, booking)
    else:
        pay(customer, booking)
    await_result(customer, booking)


def checkout(customer: Customer, booking: Booking, back: str, *, version: bool = True) -> bool:
    """Get the payment page; False without one."""
    headers = {"idempotency_key": str(uuid.UUID(int=customer.chance.getrandbits(128)))}
    if version and customer.chance.random() < 0.3:
        headers["if_match"] = f'"{booking.version}"'
    request = customer.request(
        "beginCheckout",
        "POST",
        f"/v1/bookings/{booking.id}/checkout",
        {"success_url": f"{back}/done", "cancel_url": f"{back}/back"},
        booking=booking,
        **headers,
    )
    twice = customer.chance.random() < 0.2
    answer = customer.insist_twice(request) if twice else customer.insist(request)
    if answer is None or answer.status != 200:
        return False
    customer.note(booking, answer.body["booking"])
    booking.page = answer.body["checkout_url"]
    return True


def pay(customer: Customer, booking: Booking, card: str = _VISA) -> None:
    """With a card that works."""
    booking.paid = customer.at_page(booking, "pay", card) == 303 or booking.paid


def pay_later(customer: Customer, booking: Booking) -> None:
    """By bank debit; sometimes the bank's answer has not come when the run ends."""
    if customer.at_page(booking, "delayed") == 303 and customer.chance.random() < 0.8:
        customer.confirmation(booking)
        customer.pause(0.0, 1.0)
        customer.bank_decides(booking)


def change_pages(customer: Customer, booking: Booking) -> None:
    """Another checkout with other addresses: the old page can no longer be paid."""
    old = booking.page
    if not checkout(customer, booking, _PAGES[1], version=False):
        return
    new, booking.page = booking.page, old
    if new != old and customer.at_page(booking, "pay", _VISA) == 303:
        customer.watcher.complain(f"{booking.id} has two payable pages: {old} and {new}")
    booking.page = new
    pay(customer, booking)


def release(customer: Customer, booking: Booking) -> None:
    """Give the time back."""
    path = f"/v1/holds/{booking.id}"
    headers = {"if_match": f'"{booking.version}"'} if customer.chance.random() < 0.3 else {}
    request = customer.request("releaseHold", "DELETE", path, booking=booking, **headers)
    twice = customer.chance.random() < 0.2
    answer = customer.insist_twice(request) if twice else customer.insist(request)
    if answer is not None and answer.status == 200:
        customer.note(booking, answer.body)
        booking.told = answer.body["status"]
        if booking.told != "expired":
            customer.watcher.complain("releaseHold said that the time is free", answer)


def release_while_paying(customer: Customer, booking: Booking) -> None:
    """Two windows: one releases the time while the other pays with a card that refunds slowly."""
    if customer.chance.random() < 0.5:
        pay(customer, booking, _SLOW_REFUND)
        release(customer, booking)
    else:
        release(customer, booking)
        pay(customer, booking, _SLOW_REFUND)


def await_result(customer: Customer, booking: Booking) -> None:
    """Ask, as the customer's page does after paying, until there is a result."""
    if not booking.paid:
        customer.confirmation(booking)
        return
    for _ in range(_POLLS):
        if customer.confirmation(booking) not in ("processing", "held") or customer.over:
            break
        customer.pause(0.1, 0.5)
    customer.read(booking)


def main() -> None:
    """Read the order and live until the time is up."""
    exit_with_parent()
    live(Customer(json.loads(sys.stdin.readline())))


if __name__ == "__main__":
    main()
