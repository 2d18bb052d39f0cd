"""For every named constraint of the ledger, of allocations and of returns: what violates it."""

from tests.harness.database.violations import NEW, Statement, change, changes, copy

_ACCOUNT_OF_ANOTHER_KIND = (
    "insert into ledger.accounts select tenant_id,"
    " core.account_id(tenant_id, 'gold', subject_id, currency), 'gold', subject_id, currency,"
    " normal, balance, created_at from ledger.accounts where kind = 'held'"
)

MONEY: dict[str, list[Statement]] = {
    "accounts_pkey": [copy("ledger.accounts")],
    "accounts_currency_is_iso_4217": [
        copy("ledger.accounts", currency=code) for code in ("eur", "EURO", "")
    ],
    "accounts_guarded_by_kind": [
        copy("ledger.accounts", "kind = 'held'", balance=None),
        copy("ledger.accounts", "kind = 'clearing'", balance=0),
    ],
    "accounts_id_is_derived": [
        copy("ledger.accounts", id=NEW),
        copy("ledger.accounts", subject_id=NEW),
        copy("ledger.accounts", tenant_id=NEW),
        copy("ledger.accounts", "kind = 'held'", kind="owed"),
        copy("ledger.accounts", "kind = 'held'", currency="SEK"),
    ],
    "accounts_kind_known": [(_ACCOUNT_OF_ANOTHER_KIND, ())],
    "accounts_never_negative": [
        ("update ledger.accounts set balance = -1 where kind = %s", (kind,))
        for kind in ("held", "unapplied", "refunding")
    ],
    "accounts_side_of_kind": [
        copy("ledger.accounts", "kind = 'held'", normal=1),
        copy("ledger.accounts", "kind = 'clearing'", normal=-1),
        copy("ledger.accounts", "kind = 'clearing'", normal=0),
    ],
    "journals_pkey": [copy("ledger.journals", reference="payment:x")],
    "journals_reference_once": [copy("ledger.journals", id=NEW)],
    "journals_currency_is_iso_4217": [
        copy("ledger.journals", id=NEW, reference="payment:x", currency="eur")
    ],
    "journals_event_known": [
        copy("ledger.journals", id=NEW, reference=reference)
        for reference in ("", "payments:x", "gift:x", "Payment:x")
    ],
    "journals_lines_counted": [
        copy("ledger.journals", id=NEW, reference="payment:x", lines=lines) for lines in (0, 1, 201)
    ],
    "journals_reference_short": [copy("ledger.journals", id=NEW, reference="payment:" + "x" * 193)],
    "postings_pkey": [copy("ledger.postings")],
    "postings_not_zero": [copy("ledger.postings", amount=0)],
    "allocations_pkey": [copy("allocations", payment_id=NEW)],
    "allocations_booking_exists": [change("allocations", booking_id=NEW)],
    "allocations_payment_exists": [change("allocations", payment_id=NEW)],
    "allocations_once_per_instrument": [copy("allocations", id=NEW)],
    "allocations_covers_something": [change("allocations", covers=0, value=0)],
    "allocations_currency_is_iso_4217": changes("allocations", "currency", "eur", "EURO"),
    "allocations_kind_known": changes("allocations", "kind", "cash", ""),
    "allocations_money_covers": changes("allocations", "covers", 1, 99999999),
    "allocations_returns_within_value": changes("allocations", "returned", -1, 99999999),
    "returns_pkey": [copy("returns", key="not_kept:x")],
    "returns_booking_exists": [change("returns", "starts_with(key, 'price')", booking_id=NEW)],
    "returns_once": [copy("returns", id=NEW)],
    "returns_amount_positive": changes("returns", "amount", 0, -1),
    "returns_currency_is_iso_4217": changes("returns", "currency", "eur", "EURO"),
    "returns_key_known": [
        copy("returns", id=NEW, key=key)
        for key in ("", "gift:1", "not_kept", "not_kept:", "not_kept:a b", "x not_kept:1")
    ],
    "refunds_return_exists": [change("refunds", return_id=NEW)],
    "return_parts_pkey": [copy("return_parts")],
    "return_parts_allocation_exists": [change("return_parts", allocation_id=NEW)],
    "return_parts_refund_exists": [change("return_parts", refund_id=NEW)],
    "return_parts_return_exists": [change("return_parts", return_id=NEW)],
    "return_parts_amount_positive": changes("return_parts", "amount", 0, -1),
}
