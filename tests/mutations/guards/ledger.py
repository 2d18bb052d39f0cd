"""The ledger: every journal adds up, is written once, and no account goes below zero."""

from tests.mutations.guard import Edit, Guard, core

_LEDGER = "tests/sql/test_ledger.py"
_RACES = "tests/concurrency/test_ledger.py"
_REFUND = "tests/sql/test_settle_refund.py"
_MIGRATION = "sql/migrations/0014_ledger.sql"
_JUDGE = "sql/triggers/postings_900_balance.sql"
_APPEND = "sql/triggers/ledger_append_only.sql"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "journals-add-up",
        "a journal that does not add up to nothing is refused",
        (
            Edit(
                _JUDGE,
                "if (v_found.total, v_found.lines, v_found.known)",
                "if (0, v_found.lines, v_found.known)",
            ),
        ),
        (f"{_LEDGER}::test_a_journal_that_does_not_add_up_is_refused",),
    ),
    Guard(
        "journals-are-whole",
        "a pair that is added to an old journal is refused",
        (
            Edit(
                _JUDGE,
                "if (v_found.total, v_found.lines, v_found.known)",
                "if (v_found.total, v_journal.lines, v_journal.lines)",
            ),
        ),
        (f"{_LEDGER}::test_a_pair_is_not_added_to_an_old_journal",),
    ),
    Guard(
        "accounts-are-known",
        "a posting to an unknown account, or one of another currency, is refused",
        (
            Edit(
                _JUDGE,
                "if (v_found.total, v_found.lines, v_found.known)",
                "if (v_found.total, v_found.lines, v_journal.lines)",
            ),
        ),
        (f"{_LEDGER}::test_an_account_that_was_not_made_is_refused",),
    ),
    Guard(
        "journal-once",
        "a reference is posted once, however often it is reported",
        (
            Edit(
                _MIGRATION,
                "    constraint journals_reference_once unique (tenant_id, reference)\n",
                "    constraint journals_reference_once unique (tenant_id, reference, id)\n",
            ),
            core("post", "    on conflict (tenant_id, reference) do nothing;", "    ;"),
        ),
        (
            f"{_LEDGER}::test_posting_twice_is_once",
            f"{_RACES}::test_one_event_told_by_eight_is_one_journal",
        ),
    ),
    Guard(
        "journal-of-other-lines",
        "a reference never stands for two different things",
        (
            core(
                "post",
                "        perform core.require_same_lines("
                "p_tenant_id, p_reference, p_currency, p_lines);\n",
                "",
            ),
        ),
        (f"{_LEDGER}::test_posting_twice_is_once",),
    ),
    Guard(
        "never-below-zero",
        "no more leaves an account than it has",
        (
            core(
                "sound_account",
                "p_row.balance is null or p_row.balance >= 0",
                "true",
            ),
            Edit(
                _MIGRATION,
                "when not (p_row.balance is null or p_row.balance >= 0)",
                "when not (true)",
            ),
        ),
        (f"{_LEDGER}::test_what_no_journal_may_say[below zero]",),
    ),
    Guard(
        "accounts-locked-in-order",
        "two transactions over the same accounts take them in one order",
        (core("lock_accounts", "        for no key update;", "        ;"),),
        (f"{_RACES}::test_opposite_journals_do_not_deadlock",),
    ),
    Guard(
        "accounts-locked-once",
        "a transaction locks all its accounts in one call",
        (
            core(
                "lock_accounts",
                "assert coalesce(pg_catalog.current_setting('holdfast.accounts_locked', true), '')"
                " = '',",
                "assert true,",
            ),
        ),
        (f"{_LEDGER}::test_a_transaction_locks_its_accounts_in_one_call",),
    ),
    Guard(
        "accounts-made-in-order",
        "two transactions that make the same accounts make them in one order",
        (core("lock_accounts", "        order by id\n", ""),),
        (f"{_RACES}::test_accounts_that_are_new_do_not_deadlock",),
    ),
    Guard(
        "books-are-not-rewritten",
        "what was posted stays as it was",
        (
            Edit(
                _APPEND,
                "    before update or delete or truncate on ledger.postings\n",
                "    before truncate on ledger.postings\n",
            ),
        ),
        (f"{_LEDGER}::test_the_books_are_never_rewritten",),
    ),
    Guard(
        "accounts-stay-what-they-are",
        "of an account nothing but its balance changes",
        (Edit(_APPEND, "or old.subject_id <> new.subject_id or", "or"),),
        (f"{_LEDGER}::test_the_books_are_never_rewritten",),
    ),
    Guard(
        "return-once",
        "money goes back once for each key of a booking",
        (
            Edit(
                _MIGRATION,
                "    constraint returns_once unique (tenant_id, booking_id, key)\n",
                "    constraint returns_once unique (tenant_id, booking_id, key, id)\n",
            ),
            core("pay_back", "    on conflict (tenant_id, booking_id, key) do nothing\n", ""),
        ),
        (
            f"{_REFUND}::test_a_return_happens_once",
            f"{_RACES}::test_one_return_asked_for_by_eight_is_one_refund",
        ),
    ),
    Guard(
        "return-within-what-is-held",
        "no more goes back than the booking was paid with",
        (
            core(
                "take_back",
                "assert v_left = 0,",
                "assert true,",
            ),
        ),
        (f"{_REFUND}::test_no_more_goes_back_than_was_paid",),
    ),
    Guard(
        "return-counted",
        "what went back of an allocation is counted",
        (core("take_back", "set returned = a.returned + v_part", "set returned = a.returned"),),
        (f"{_LEDGER}::test_a_part_of_a_price_goes_back_from_what_is_held",),
    ),
    Guard(
        "owed-until-sent-again",
        "a refund that failed is owed, even if it had succeeded before",
        (
            core(
                "book_refund",
                "case when p_was = 'succeeded' then core.clearing_line(p_refund.amount)",
                "case when false then core.clearing_line(p_refund.amount)",
            ),
        ),
        (f"{_LEDGER}::test_a_refund_leaves_when_stripe_has_said_so",),
    ),
    Guard(
        "part-follows-its-refund",
        "a return's part names the refund that sends it now",
        (
            core(
                "repeat_refund",
                "    set refund_id = v_line.subject_id\n",
                "    set refund_id = t.refund_id\n",
            ),
        ),
        (f"{_LEDGER}::test_a_difference_that_failed_is_sent_again",),
    ),
    Guard(
        "paid-is-derived",
        "a booking says of its money what its own allocations say",
        (
            core(
                "derived_payment_status",
                "    elsif v_given_back > 0 then\n",
                "    elsif false then\n",
            ),
        ),
        ("tests/sql/test_reschedule_carts.py::test_what_goes_back_of_a_booking_is_its_own",),
    ),
    Guard(
        "kept-with-its-journal",
        "a booking that the books name is never deleted",
        (core("must_keep", "and j.booking_id = p_booking_id", "and false"),),
        ("tests/sql/test_retention.py::test_whatever_speaks_against_it_keeps_a_booking",),
    ),
)
