"""What one customer, address or key may ask for."""

from tests.answers import steps
from tests.answers.operations import CATALOGUE, CUSTOMER, NOWHERE
from tests.answers.recorder import Recorder
from tests.harness.system.in_process import RETURN_ADDRESSES


def limits_of_holders(it: Recorder) -> None:
    """How much a customer, an address, a resource may have unpaid; what a server may override."""
    it.title("As many as a customer may hold")
    steps.set_tenant(
        it, "live_holds_per_customer = 1, live_holds_per_address = 3, live_holds_per_resource = 4"
    )
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(8)))
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(9)))
    tagged = CUSTOMER | {"email": "Grace+2@example.com"}
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(9), customer=tagged))
    override = {"rules": ["customer_periods"], "reason": "She telephoned."}
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(9), override=override))
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(9)), by="secret")
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(9), override=override), by="secret")
    it.ask(
        "POST", "/v1/holds", steps.lesson(it, steps.day(9), override={"rules": [], "reason": ""})
    )
    it.ask(
        "POST",
        "/v1/holds",
        steps.lesson(it, steps.day(10), override={"rules": ["x"], "reason": "x"}),
    )

    it.title("As many as an address may hold, and a resource may have unpaid")
    for number in range(4):
        somebody = {"name": "Alan Turing", "email": f"alan{number}@example.com"}
        it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(10 + number), customer=somebody))
    somebody = {"name": "Alan Turing", "email": "alan9@example.com"}
    elsewhere = {"address": "2001:db8::7"}
    it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(15), customer=somebody), **elsewhere)

    it.title("What a resource allows in a day, and a customer")
    steps.set_tenant(it, "live_holds_per_customer = 100, live_holds_per_address = 100000")
    steps.set_tenant(it, "live_holds_per_resource = null")
    path = f"{CATALOGUE}/resources/{it.system.studio['id']}"
    limits = {"daily_limit": 2, "customer_limit": 1}
    it.ask("PATCH", path, limits, by="secret", headers={"if-match": "*"})
    class_ = steps.request(it, 1, starts_at=steps.day(8, "14:00"))
    it.ask("POST", "/v1/holds", class_)
    it.ask("POST", "/v1/holds", class_ | {"starts_at": steps.day(8, "16:00")})
    override = {"rules": ["customer_limit"], "reason": "Her birthday."}
    later = class_ | {"starts_at": steps.day(8, "16:00"), "override": override}
    it.ask("POST", "/v1/holds", later, by="secret")
    it.ask("POST", "/v1/holds", class_ | {"starts_at": steps.day(8, "18:00"), "customer": somebody})

    it.title("Payment pages of one booking")
    held = steps.hold(it, steps.day(20))
    for number in range(12):
        addresses = {
            "success_url": f"https://studio.example/{number}",
            "cancel_url": "https://studio.example/book",
        }
        it.ask("POST", f"/v1/bookings/{held['id']}/checkout", addresses, of=held)


def rates(it: Recorder) -> None:
    """Too many requests of one kind, in one window."""
    it.system.database.execute(
        "update core.tenants set rate_reads = 2, rate_holds = 2, rate_waitlist = 1,"
        " rate_checkouts = 1, rate_writes = 2, rate_mailbox = 1, rate_key_factor = 2,"
        " rate_salt = gen_random_uuid()"
    )
    it.system.renew()
    held = it.system.hold(steps.day(20))
    it.system.renew()
    it.system.database.execute("update core.tenants set rate_salt = gen_random_uuid()")
    it.title("Two of each, of one address")
    for _ in range(3):
        it.ask("GET", "/v1/resources?limit=1")
    for number in range(3):
        person = {"name": "Alan", "email": f"alan{number}@example.com"}
        it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(8 + number), customer=person))
    it.ask("GET", "/v1/resources?limit=1", address="198.51.100.9")
    it.ask("GET", "/v1/resources?limit=1", by="secret")
    for _ in range(2):
        it.ask("POST", "/v1/waitlist", steps.lesson(it), address="198.51.100.10")
    for _ in range(2):
        path = f"/v1/bookings/{held['id']}/checkout"
        it.ask("POST", path, RETURN_ADDRESSES, of=held, address="198.51.100.11")
    for _ in range(3):
        it.ask("DELETE", f"/v1/holds/{NOWHERE}", of=held, address="198.51.100.12")
    it.title("One of a mailbox")
    for day in (21, 22):
        it.ask("POST", "/v1/holds", steps.lesson(it, steps.day(day)), address="198.51.100.13")
    it.title("In the next window")
    it.later(6)
    it.ask("GET", "/v1/resources?limit=1")
