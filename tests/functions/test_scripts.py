"""Names and addresses in thirty scripts, from the request to the answer and the letter."""

import idna
import pytest

from dev.stack import ses
from tests.functions.test_waitlist import deliver, joined, release
from tests.harness.running.scripts import SCRIPTS, word
from tests.harness.system.in_process import System
from tests.harness.system.problems import assert_problem
from tests.harness.system.setup import TEN


def _label(script: str) -> str:
    """A word that a domain can contain."""
    for seed in range(20):
        try:
            idna.alabel(found := word(script, seed=seed))
        except idna.IDNAError:
            continue
        return found
    raise LookupError(script)


def test_names_and_addresses_of_every_script(system: System) -> None:
    """The answer has them as they were typed, and a search finds them.

    Cases: P-12
    """
    for script in SCRIPTS:
        customer = {
            "name": f"{word(script)} {word(script, seed=2)}",
            "email": f"guest@{_label(script)}.example",
        }
        held = system.request(
            "POST", "/v1/holds", system.hold_body(TEN, customer=customer), key="secret"
        )
        assert held.status == 201, (script, held)
        found = system.request("GET", f"/v1/bookings/{held.body['id']}", key="secret")
        system.request("DELETE", f"/v1/holds/{held.body['id']}", key="secret")

        assert held.body["customer"] == found.body["customer"] == customer | {"phone": None}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_local_part_that_no_letter_reaches_is_refused(system: System, script: str) -> None:
    """Refused at the start, where it can be corrected.

    Cases: P-12
    """
    customer = {"name": "Ada", "email": f"{word(script)}@example.com"}

    answer = system.request("POST", "/v1/holds", system.hold_body(TEN, customer=customer))

    assert_problem(answer, 422, "invalid_request")
    assert "before the @" in str(answer.body)


@pytest.mark.parametrize("typed", ["guest@bücher.example", "guest@xn--bcher-kva.example"])
def test_a_letter_reaches_a_domain_in_any_script(system: System, typed: str) -> None:
    """Amazon SES gets it in Punycode, however it was typed.

    Cases: P-12
    """
    held = system.hold(TEN)
    place = joined(system, customer={"name": "Ada", "email": typed})
    before = len(ses.to("guest@xn--bcher-kva.example"))
    release(system, held)
    deliver(system)

    assert place["customer"]["email"] == "guest@bücher.example"
    assert len(ses.to("guest@xn--bcher-kva.example")) == before + 1
    assert ses.to("guest@bücher.example") == []


def test_a_letter_that_cannot_be_sent_is_given_up(system: System) -> None:
    """Older customers may have a local part outside ASCII; their letters are not tried for ever."""
    held = system.hold(TEN)
    place = joined(system, customer={"name": "Ada", "email": "ada@example.com"})
    system.database.execute(
        "update core.customers set email = %s where email = %s",
        "ädä@example.com",
        "ada@example.com",
    )
    before = len(ses.sent)
    release(system, held)
    deliver(system)

    assert system.database.value("select state from core.effects") == "dead"
    assert len(ses.sent) == before
    assert place["state"] == "waiting"


ADA = {"name": "Ada", "email": "ada@example.com"}


def test_an_extension_is_refused_with_the_reason(system: System) -> None:
    """It would be lost: 422 says where it can be written, and nothing is held.

    Cases: P-12
    """
    for phone in ("+1-907-486-4171 ext. 101", "+1 907 486 4171 x101", "+1 907 486 4171;ext=101"):
        body = system.hold_body(TEN, customer=ADA | {"phone": phone})
        answer = system.request("POST", "/v1/holds", body)

        assert_problem(answer, 422, "invalid_request")
        assert "notes" in str(answer.body)
    assert system.database.rows("select 1 from core.bookings") == []
