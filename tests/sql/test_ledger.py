"""core.lock_accounts, core.post and the triggers of the ledger; what today's paths post."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.harness.clients.books import NIL, Line, balances, booked, lock, post
from tests.harness.clients.calls import Api, refused
from tests.harness.database.builders import NOW, Tenant
from tests.harness.laws.faults_of_ledger import FAULTS
from tests.harness.laws.invariants import violations

ONE, OTHER = uuid4(), uuid4()
IN: list[Line] = [("clearing", NIL, 500), ("held", ONE, -500)]


def _posted(api: Api, tenant: Tenant, reference: str, lines: list[Line]) -> UUID | None:
    """In a transaction of its own, with all its accounts."""
    with api.database.connect() as connection:
        lock(connection, tenant, lines)
        return post(connection, tenant, reference, lines)


def _counts(api: Api) -> list[int]:
    tables = ("accounts", "journals", "postings")
    return [int(api.database.value(f"select count(*) from ledger.{each}")) for each in tables]


# What is posted -----------------------------------------------------------------------------------


def test_a_payment_is_held_for_its_booking(api: Api, tenant: Tenant) -> None:
    """It is at Stripe, and owed to the booking; the tenant's own account has no balance column."""
    checkout = api.paid(tenant.offer(amount=4500))

    assert booked(api.database) == [("payment", {"clearing": 4500, "held": -4500})]
    assert balances(api.database) == {"clearing": 4500, "held": 4500}
    rows = api.database.rows("select kind, subject_id, balance from ledger.accounts order by kind")
    assert [tuple(row) for row in rows] == [
        ("clearing", NIL, None),
        ("held", checkout.held.row.id, 4500),
    ]
    assert api.database.value("select booking_id from ledger.journals") == checkout.held.row.id


def test_money_that_is_not_kept_comes_and_is_on_its_way_back(api: Api, tenant: Tenant) -> None:
    """Two journals in one transaction; nothing stays unapplied.

    Cases: E-2.8
    """
    checkout = api.checkout(api.hold(tenant.offer()))
    api.settle(checkout, "paid", amount_total=1000)

    assert booked(api.database) == [
        ("payment", {"clearing": 1000, "unapplied": -1000}),
        ("return", {"unapplied": 1000, "refunding": -1000}),
    ]
    assert balances(api.database) == {"clearing": 1000, "refunding": 1000}


@pytest.mark.parametrize(
    ("ends", "journals", "left"),
    [
        (("pending",), [], {"clearing": 1000, "refunding": 1000}),
        (("succeeded",), [("refunded", {"refunding": 1000, "clearing": -1000})], {}),
        (
            ("pending", "succeeded", "pending"),
            [("refunded", {"refunding": 1000, "clearing": -1000})],
            {},
        ),
        (
            ("failed", "succeeded"),
            [("refund_failed", {"refunding": 1000, "owed": -1000})],
            {"clearing": 1000, "owed": 1000},
        ),
        (
            ("succeeded", "failed"),
            [
                ("refunded", {"refunding": 1000, "clearing": -1000}),
                ("refund_failed", {"clearing": 1000, "owed": -1000}),
            ],
            {"clearing": 1000, "owed": 1000},
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_a_refund_leaves_when_stripe_has_said_so(
    api: Api,
    tenant: Tenant,
    ends: tuple[str, ...],
    journals: list[tuple[str, dict[str, int]]],
    left: dict[str, int],
) -> None:
    """Until then it is on its way; one that failed is owed, even if it had succeeded before.

    Cases: E-2.2, E-2.3
    """
    checkout = api.checkout(api.hold(tenant.offer()))
    api.settle(checkout, "paid", amount_total=1000)
    (effect,) = api.claim()

    for status in ends:
        api.finish(effect, "done", status=status, refund={"id": "re_1"})

    assert booked(api.database)[2:] == journals
    assert balances(api.database) == left
    assert violations(api.database) == []


def test_a_refund_that_is_sent_again_is_owed_no_more(api: Api, tenant: Tenant) -> None:
    """From the one that failed to the one in its place, with the same return.

    Cases: E-2.3
    """
    checkout = api.checkout(api.hold(tenant.offer()))
    api.settle(checkout, "paid", amount_total=1000)
    (effect,) = api.claim()
    api.finish(effect, "done", status="failed", refund={"id": "re_1"})

    api.call("retry_effect", effect["id"], "ada")

    assert booked(api.database)[-1] == ("refund", {"owed": 1000, "refunding": -1000})
    assert balances(api.database) == {"clearing": 1000, "refunding": 1000}
    assert api.database.value("select count(distinct return_id) from core.refunds") == 1
    assert violations(api.database) == []


def test_a_part_of_a_price_goes_back_from_what_is_held(api: Api, tenant: Tenant) -> None:
    """The booking holds so much less at once, and its allocation says what is gone."""
    offer = tenant.offer(amount=4500)
    paid = api.paid(offer)
    api.database.execute("update core.prices set amount = 3000, updated_at = core.clock()")

    api.move(paid.held, NOW + timedelta(hours=6))

    assert booked(api.database)[-1] == ("return", {"held": 1500, "refunding": -1500})
    assert balances(api.database) == {"clearing": 4500, "held": 3000, "refunding": 1500}
    assert api.database.one("select value, returned from core.allocations") == (4500, 1500)
    assert violations(api.database) == []


def test_a_difference_that_failed_is_sent_again(api: Api, tenant: Tenant) -> None:
    """The part of its return names the new refund, and the booking is as it was.

    Cases: E-2.3
    """
    paid = api.paid(tenant.offer(amount=4500))
    api.database.execute("update core.prices set amount = 3000, updated_at = core.clock()")
    api.move(paid.held, NOW + timedelta(hours=6))
    (effect,) = api.claim()
    api.finish(effect, "done", status="failed", refund={"id": "re_1"})
    assert violations(api.database) == []

    api.call("retry_effect", effect["id"], "ada")

    (part,) = api.database.rows("select * from core.return_parts")
    newest = api.database.value("select id from core.refunds where status = 'queued'")
    assert (part.refund_id, part.amount) == (newest, 1500)
    assert balances(api.database) == {"clearing": 4500, "held": 3000, "refunding": 1500}
    assert violations(api.database) == []


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        [("clearing", NIL, 500), ("held", ONE, -499)],
        [("clearing", NIL, 500), ("held", ONE, 500)],
        [("clearing", NIL, 300), ("held", ONE, -500), ("held", OTHER, 300)],
    ],
    ids=["short", "one-sided", "three"],
)
def test_a_journal_that_does_not_add_up_is_refused(
    api: Api, tenant: Tenant, lines: list[Line]
) -> None:
    """In the call that posts it, and nothing of it stays."""
    refusal = refused(_posted, api, tenant, "payment:1", lines)

    assert (refusal.sqlstate, refusal.constraint) in {
        ("KHAPP", ""),
        ("KHAPP", None),
        ("23514", "accounts_never_negative"),
    }
    assert _counts(api) == [0, 0, 0]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([("clearing", NIL, 500)], "journals_lines_counted"),
        ([], "journals_lines_counted"),
        ([*IN, ("held", OTHER, 0)], "postings_not_zero"),
        ([("clearing", NIL, 500), ("held", ONE, -200), ("held", ONE, -300)], "postings_pkey"),
        ([("clearing", NIL, 500), ("gold", ONE, -500)], "accounts_kind_known"),
        ([("held", ONE, 500), ("held", OTHER, -500)], "accounts_never_negative"),
    ],
    ids=["one line", "none", "nothing", "twice the same", "unknown kind", "below zero"],
)
def test_what_no_journal_may_say(api: Api, tenant: Tenant, lines: list[Line], reason: str) -> None:
    """A constraint refuses each, and nothing of it stays."""
    refusal = refused(_posted, api, tenant, "payment:1", lines)

    assert refusal.constraint == reason
    assert _counts(api) == [0, 0, 0]


def test_an_account_that_was_not_made_is_refused(api: Api, tenant: Tenant) -> None:
    """Nor does one in another currency do."""
    for currency in ("EUR", "USD"):
        with api.database.connect() as connection:
            lock(connection, tenant, IN[:1], "EUR")
            refusal = refused(post, connection, tenant, "payment:1", IN, currency)
            connection.rollback()

        assert refusal.sqlstate == "KHAPP", refusal
    assert _counts(api) == [0, 0, 0]


def test_posting_twice_is_once(api: Api, tenant: Tenant) -> None:
    """The same reference and lines, in any order: nothing more; with other lines it is refused."""
    first = _posted(api, tenant, "payment:1", IN)
    again = _posted(api, tenant, "payment:1", IN[::-1])
    before = _counts(api)
    others: list[list[Line]] = [
        [("clearing", NIL, 400), ("held", ONE, -400)],
        [("clearing", NIL, 500), ("held", OTHER, -500)],
        [("clearing", NIL, 500), ("held", ONE, -400), ("held", OTHER, -100)],
    ]

    codes = [refused(_posted, api, tenant, "payment:1", lines).sqlstate for lines in others]

    assert (first is not None, again) == (True, None)
    assert codes == ["KHKEY"] * 3
    assert _counts(api) == before
    assert balances(api.database) == {"clearing": 500, "held": 500}


def test_a_pair_is_not_added_to_an_old_journal(api: Api, tenant: Tenant) -> None:
    """It would add up by itself; but the journal has the lines that it had."""
    third = uuid4()
    journal = _posted(api, tenant, "payment:1", IN)
    held: list[Line] = [("held", OTHER, -300), ("held", third, -200)]
    _posted(api, tenant, "payment:2", [("clearing", NIL, 500), *held])
    add = (
        "insert into ledger.postings (tenant_id, journal_id, account_id, amount)"
        " select tenant_id, %s, id, case when subject_id = %s then 7 else -7 end"
        " from ledger.accounts where subject_id = any (%s)"
    )

    refusals = [
        refused(api.database.execute, add, journal, OTHER, subjects)
        for subjects in ([OTHER, third], [OTHER])
    ]

    assert [refusal.sqlstate for refusal in refusals] == ["KHAPP", "KHAPP"]
    assert "has 4 lines of 2" in refusals[0].message


def test_a_transaction_locks_its_accounts_in_one_call(api: Api, tenant: Tenant) -> None:
    """A second call is a fault of ours: it would lock out of order."""
    with api.database.connect() as connection:
        lock(connection, tenant, IN)
        refusal = refused(lock, connection, tenant, [("held", OTHER, 1)])
        connection.rollback()

    assert refusal.sqlstate == "P0004"


@pytest.mark.parametrize(
    "statement",
    [
        *("update ledger.journals set at = at", "delete from ledger.journals"),
        *("update ledger.postings set amount = amount", "delete from ledger.postings"),
        *("truncate ledger.postings", "truncate ledger.journals", "truncate ledger.accounts"),
        "delete from ledger.accounts",
        "update ledger.accounts set subject_id = gen_random_uuid()",
        "update ledger.accounts set kind = 'owed' where kind = 'held'",
        "update ledger.accounts set balance = 1 where kind = 'clearing'",
        "update ledger.accounts set balance = null where kind = 'held'",
        "update ledger.accounts set currency = 'USD'",
    ],
)
def test_the_books_are_never_rewritten(api: Api, tenant: Tenant, statement: str) -> None:
    """Not by the owner of the database either; of an account only the balance changes."""
    _posted(api, tenant, "payment:1", IN)

    assert refused(api.database.execute, statement).sqlstate == "KHAPP"


def test_an_account_that_was_never_posted_to_has_nothing(api: Api, tenant: Tenant) -> None:
    """Guarded or not; and what another tenant has is not this one's."""
    _posted(api, Tenant(api.database), "payment:1", IN)
    query = "select core.balance_of(%s, %s, %s, 'EUR')"

    found = [api.database.value(query, tenant.id, kind, ONE) for kind in ("held", "clearing")]

    assert found == [0, 0]


# The laws see what is wrong -----------------------------------------------------------------------


@pytest.fixture
def money(api: Api, tenant: Tenant) -> Callable[[str], list[str]]:
    """A booking whose price fell, and one whose payment goes back; what the laws say of a fault."""
    offer = tenant.offer(amount=4500, capacity=4)
    paid = api.paid(offer)
    api.hold(offer)
    api.settle(api.checkout(api.hold(offer)), "paid", amount_total=1000)
    api.database.execute(
        "select core.pay_back(b, 'price_difference:x', 'price_difference', 700)"
        " from core.bookings as b where b.id = %s",
        paid.held.id,
    )
    api.database.execute("update core.bookings set amount = 3800 where id = %s", paid.held.id)
    (sent,) = [e for e in api.claim() if e["refund"]["amount"] == 1000]
    api.finish(sent, "done", status="succeeded", refund={"id": "re_1"})
    assert violations(api.database) == []

    def planted(statement: str) -> list[str]:
        with api.database.connect() as connection:
            connection.execute("set local session_replication_role = replica")
            for table, name in (("accounts", "accounts_sound"), ("journals", "journals_sound")):
                connection.execute(f"alter table ledger.{table} drop constraint {name}".encode())
            connection.execute("alter table core.allocations drop constraint allocations_sound")
            connection.execute(statement.encode())
        return violations(api.database)

    return planted


@pytest.mark.parametrize("law", FAULTS)
def test_each_law_sees_its_fault(money: Callable[[str], list[str]], law: str) -> None:
    """What no trigger and no constraint stopped: the law whose fault it is names it."""
    found = money(FAULTS[law])

    assert any(law.split(",", maxsplit=1)[0] in finding for finding in found), found
