"""The daily comparison: it finds every difference between Stripe's books and ours, and no other."""

from tests.mutations.guard import Guard, api, core, layer

_BOOKS = "tests/functions/test_reconciliation.py"
_RACES = "tests/concurrency/test_reconciliation.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "reconcile-age",
        "a difference whose event is still on its way does not count yet",
        (core("record_finding", " and p_finding.first_seen_at > v_now then", " and false then"),),
        ("tests/sql/test_reconcile.py::test_a_difference_of_the_last_hour_is_none_yet",),
    ),
    Guard(
        "reconcile-delayed",
        "nor does a delayed payment whose result we ask for",
        (core("payment_difference", "interval '25 hours'", "interval '1 hour'"),),
        (f"{_BOOKS}::test_a_delayed_result_is_awaited",),
    ),
    Guard(
        "reconcile-settled-once",
        "a payment whose row is gone is not settled a second time",
        (core("payment_difference", "if v_checkout.state <> 'paid' then", "if true then"),),
        (f"{_BOOKS}::test_a_payment_whose_row_is_gone",),
    ),
    Guard(
        "reconcile-sum",
        "amount and currency of a payment are compared",
        (
            core(
                "payment_difference",
                "is distinct from (v_payment.amount, v_payment.currency)",
                "is distinct from (v_finding.amount, v_finding.currency)",
            ),
        ),
        (f"{_BOOKS}::test_another_sum_than_stripe_took[amount]",),
    ),
    Guard(
        "reconcile-unkept",
        "money of a booking that is gone is found",
        (
            core(
                "payment_difference",
                "when v_payment.amount_refunded < v_payment.amount",
                "when false",
            ),
        ),
        (f"{_BOOKS}::test_money_kept_of_a_booking_that_is_gone",),
    ),
    Guard(
        "reconcile-refund-sum",
        "amount, currency and payment of a refund are compared",
        (core("refund_difference", "        when v_status is not null\n", "        when false\n"),),
        (f"{_BOOKS}::test_another_refund_than_stripe_made[amount = amount - 1]",),
    ),
    Guard(
        "reconcile-replaced",
        "a failed refund that was replaced is no difference",
        (core("refund_difference", " and v_refund.replaced_by is null", ""),),
        (f"{_BOOKS}::test_a_refund_that_failed_and_was_sent_once_more",),
    ),
    Guard(
        "reconcile-our-rows",
        "what Stripe does not list is asked for by its id",
        (core("unlisted_rows", "        if not exists (", "        if false and not exists ("),),
        (
            f"{_BOOKS}::test_a_payment_that_stripe_does_not_have",
            f"{_BOOKS}::test_a_refund_that_was_never_sent",
        ),
    ),
    Guard(
        "reconcile-open-findings",
        "a finding is examined until it is over",
        (
            core(
                "unlisted_findings",
                "if v_finding.last_seen_at < p_run.began_at then",
                "if false then",
            ),
        ),
        (f"{_BOOKS}::test_an_open_finding_is_looked_at_for_ever",),
    ),
    Guard(
        "reconcile-resolved",
        "a finding is over when both books agree again",
        (
            core(
                "record_finding",
                "        and (f.tenant_id, f.kind) is distinct from (v_tenant_id, p_finding.kind);",
                "        and false;",
            ),
        ),
        (f"{_BOOKS}::test_a_difference_that_is_gone_is_resolved",),
    ),
    Guard(
        "reconcile-accepted",
        "a finding that a person has accepted stays accepted",
        (
            core(
                "record_finding",
                "accepted_at = case when findings.resolved_at is null"
                " then findings.accepted_at end",
                "accepted_at = null",
            ),
            core(
                "record_finding",
                "accepted_because = case when findings.resolved_at is null"
                " then findings.accepted_because end",
                "accepted_because = null",
            ),
        ),
        (f"{_BOOKS}::test_a_difference_that_a_person_accepts_is_not_open",),
    ),
    Guard(
        "reconcile-waits-for-cures",
        "a page is left when its repairs were tried",
        (api("submit_reconciliation_page", "    if v_cures = '[]' then\n", "    if true then\n"),),
        (f"{_BOOKS}::test_a_cure_that_stripe_cannot_be_asked_for_is_repeated",),
    ),
    Guard(
        "reconcile-lock",
        "one copy at a time compares a page",
        (core("lock_reconciliation_run", "\n    for update;", ";"),),
        (f"{_RACES}::test_the_second_waits_and_passes_by",),
    ),
    Guard(
        "reconcile-place",
        "a late report does not set the run back",
        (
            api(
                "submit_reconciliation_page",
                "is distinct from (p_step ->> 'id'",
                "= (p_step ->> '_'",
            ),
        ),
        (f"{_RACES}::test_a_late_copy_does_not_pull_the_walk_back",),
    ),
    Guard(
        "reconcile-next-page",
        "Stripe's lists are read to their end",
        (layer("stripe/listing", 'entries[-1]["id"] if found["has_more"] else None', "None"),),
        (f"{_BOOKS}::test_more_than_a_page_is_walked_through",),
    ),
    Guard(
        "reconcile-outage",
        "what Stripe does not answer does not count as missing",
        (
            layer(
                "stripe/listing",
                "        except gateway.Refused as refusal:\n"
                '            if str(refusal) != "resource_missing":\n'
                "                raise\n",
                "        except Exception:\n            pass\n",
            ),
        ),
        (f"{_BOOKS}::test_a_stripe_that_cannot_be_reached_ends_the_turn[status]",),
    ),
)
