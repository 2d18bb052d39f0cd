"""Once a day, both books are compared: Stripe's payments and refunds, and ours.

    next_reconciliation_page     what to compare next                           (commit)
    Stripe                       a page of its books, or single items
    submit_reconciliation_page   compare, record the differences, go on         (commit)

A difference with a known repair is repaired between two steps, by the function that webhook and
sweeps use. A process that dies in between leaves the run at the same page, and the next one
continues there.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.outbox import settlement
from holdfast.platform import database, sweeps
from holdfast.platform.errors import Unavailable
from holdfast.platform.observability import fault, gauge, logger
from holdfast.stripe import gateway, listing

# A bank may return a refund for a month, and a delayed method takes two weeks at most.
_DAYS = 30


def run(context: LambdaContext) -> dict[str, int]:
    """Continue today's comparison while there is time; nothing if it is over.

    Returns:
        How many payments and refunds were compared, how many of them belong to tenants of another
        database, how many differences were found and repaired, and how many are open.

    Raises:
        Unavailable: Stripe or the database cannot be reached; the next call continues here.
    """
    totals = {"looked": 0, "foreign": 0, "found": 0, "cured": 0}

    def step() -> bool:
        work = database.call("next_reconciliation_page", _DAYS)
        totals["open"] = work["open"]
        if work["step"] is not None:
            _page(work["step"], totals)
        return work["step"] is not None

    try:
        sweeps.repeat(step, context)
    finally:
        if "open" in totals:
            gauge("ReconciliationFindings", totals["open"])
    return totals


def _page(step: dict[str, Any], totals: dict[str, int]) -> None:
    """Compare a page, repair what can be repaired, and record the rest."""
    if "items" in step:
        entries = [listing.look_up(item) for item in step["items"]]
    else:
        kind = step["phase"].removesuffix("s")
        entries, step["next"] = listing.page(kind, step["from"], step["until"], step["after"])
    totals["looked"] += len(entries)
    compared = _compare(step, entries, [], totals)
    totals["foreign"] += compared["foreign"]
    if cures := compared["cures"]:
        for entry in entries:
            if entry["id"] in cures:
                totals["cured"] += _repair(entry)
        _compare(step, entries, cures, totals)


def _compare(
    step: dict[str, Any],
    entries: list[listing.Entry],
    tried: list[str],
    totals: dict[str, int],
) -> dict[str, Any]:
    """Compare, and log what is new; `cures` are ids of what can be repaired and was not tried."""
    compared: dict[str, Any] = database.call("submit_reconciliation_page", step, entries, tried)
    for found in compared["found"]:
        logger().error("books differ", **found)
    totals["found"] += len(compared["found"])
    return compared


def _repair(entry: listing.Entry) -> bool:
    """Repair a difference by what would have done it in time; whether that ran.

    A failure of ours in one of them does not prevent comparing the others.
    """
    try:
        result = _settle_refund(entry) if entry["type"] == "refund" else _settle_payment(entry)
    except Unavailable:
        raise
    except Exception as error:
        fault("difference not put right", error, object=entry["id"])
        return False
    logger().warning("difference put right", object=entry["id"], result=result)
    logger().remove_keys(["tenant_id", "booking_id", "reason"])  # the next is about another one
    return True


def _settle_payment(entry: listing.Entry) -> str:
    session = listing.session_of(entry["id"])
    if session is None or not gateway.readable(session) or gateway.outcome(session) != "paid":
        return "no session was paid"
    summary = gateway.summary(session)
    return settlement.report(database.call("settle_checkout", None, "paid", summary))


def _settle_refund(entry: listing.Entry) -> str:
    told = {"id": entry["id"], "metadata": entry["metadata"]}
    status = entry["object"]["status"]
    return settlement.report(database.call("settle_refund", None, status, told))
