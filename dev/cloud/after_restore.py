"""What Stripe and DynamoDB know and a restored database does not.

Run as `python -m dev.cloud.after_restore`.

A database that was restored to an earlier time has lost what was committed later, and Stripe has
not. docs/restoring.md says when to run this. It works from outside, through the webhook, so that it
needs no way into the database, and may be run any number of times:

1. What DynamoDB keeps of requests is forgotten: the database has lost some of them, whose keys may
   be used for others. The fence in the database still knows the requests whose effect it has.
2. Everything Stripe has sent since is sent again, as it is at Stripe today. That settles what the
   database knows. To the rest the webhook answers "unknown".
3. With --give-back, payments of unknown checkouts are refunded and their open pages closed;
without,
   they are only listed. The rest is listed for a person, and the program ends with 1.

Keys are read from the environment: STRIPE_API_KEY, STRIPE_WEBHOOK_SECRET.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import stripe

from dev.stripe_double.deliveries import sign

sys.path.insert(0, str(Path(__file__).parents[2] / "layers" / "core"))

from holdfast.stripe.gateway import API_VERSION

Body = dict[str, Any]
Post = Callable[[bytes, Mapping[str, str]], tuple[int, bytes]]

_SESSION_EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
)
_REFUND_EVENTS = ("refund.created", "refund.updated", "refund.failed")
_MARGIN_SECONDS = 60 * 60  # sent shortly before, and perhaps settled after
_SKEW_SECONDS = 60  # between Stripe's clock and the database's


class NotTold(Exception):
    """The webhook did not accept an event, so nothing may be refunded."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a payment that a person must know."""

    what: str
    stripe_id: str
    booking_id: str
    amount: int  # minor units
    currency: str

    def __str__(self) -> str:
        where = f"booking {self.booking_id}, {self.amount} {self.currency}"
        return f"{self.stripe_id} ({where}): {self.what}"


@dataclass
class Report:
    """What was done, and what is left to a person."""

    told: Counter[str] = field(default_factory=Counter)  # what the webhook made of it → how often
    closed: list[str] = field(default_factory=list)  # sessions
    given_back: list[Finding] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)  # to be decided


def client(api_key: str, base: str | None = None) -> stripe.StripeClient:
    """Stripe, in the version that the webhook takes; `base` names another server, for tests."""
    return stripe.StripeClient(
        api_key,
        stripe_version=API_VERSION,
        base_addresses={"api": base} if base else {},
        max_network_retries=3,
    )


def catch_up(
    api: stripe.StripeClient, post: Post, secret: str, since: datetime, *, give_back: bool
) -> Report:
    """Replay to the webhook what has happened at Stripe, and undo what belongs to no booking.

    Args:
        api: as `client` makes it.
        post: delivers a body with headers to the webhook; answers its status and body.
        secret: a signing secret of the webhook.
        since: the time that the database was restored to.
        give_back: False only lists what would be closed and refunded.

    Raises:
        NotTold: the webhook refused or failed; run it again.
    """
    report = Report()
    began = int(since.timestamp())
    unknown = list(_tell(api, post, secret, began - _MARGIN_SECONDS, report))
    if give_back:
        _close_pages(api, began, report)
    lost = {}
    for subject in unknown:
        if subject["object"] == "checkout.session" and subject["payment_intent"]:
            lost[subject["payment_intent"]] = subject
    for session in lost.values():
        _give_back(api, session, began, report, really=give_back)
    report.findings += [
        _finding("refunded for something that the database has forgotten", refund)
        for refund in unknown
        if refund["object"] == "refund" and refund["payment_intent"] not in lost
    ]
    return report


def forget_answers(dynamodb: Any, table: str) -> int:
    """Delete all records of earlier requests in DynamoDB; how many there were.

    Args:
        dynamodb: a boto3 client.
        table: name of the idempotency table.
    """
    forgotten = 0
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ProjectionExpression="id")
    for page in pages:
        for record in page["Items"]:
            dynamodb.delete_item(TableName=table, Key={"id": record["id"]})
            forgotten += 1
    return forgotten


def _tell(
    api: stripe.StripeClient, post: Post, secret: str, since: int, report: Report
) -> Iterator[Body]:
    """Replay the events, the oldest first; yields what the database does not know.

    An event keeps the shape of the API version it was made in. So it is sent with the object as it
    is now, in our version; of several about one object only the last.
    """
    last: dict[str, Body] = {}
    listed = api.v1.events.list(
        {"types": [*_SESSION_EVENTS, *_REFUND_EVENTS], "created": {"gte": since}, "limit": 100}
    )
    for found in listed.auto_paging_iter():  # newest first
        event = found.to_dict()
        subject = event["data"]["object"]
        if _is_ours(subject):
            last.setdefault(subject["id"], event)
    for event in reversed(last.values()):
        subject = _now(api, event["data"]["object"])
        told = {**event, "api_version": API_VERSION, "data": {"object": subject}}
        body = json.dumps(told).encode()
        headers = {
            "content-type": "application/json",
            "stripe-signature": sign([secret], int(time.time()), body),
        }
        status, answer = post(body, headers)
        if status != 200:
            raise NotTold(f"{event['id']} was answered {status}: {answer.decode(errors='replace')}")
        result = str(json.loads(answer)["result"])
        report.told[result] += 1
        if result == "unknown":
            yield subject


def _is_ours(subject: Body) -> bool:
    """Whether we made it: others may be paid through the same account."""
    metadata = subject.get("metadata") or {}
    if subject["object"] == "refund":
        return _is_id(metadata.get("refund_id")) and _is_id(metadata.get("booking_id"))
    reference = subject.get("client_reference_id")
    return _is_id(reference) and bool(reference == metadata.get("checkout_id"))


def _is_id(value: Any) -> bool:
    try:
        return bool(str(UUID(value)) == value)
    except (TypeError, ValueError, AttributeError):
        return False


def _now(api: stripe.StripeClient, subject: Body) -> Body:
    if subject["object"] == "refund":
        return dict(api.v1.refunds.retrieve(subject["id"]).to_dict())
    return dict(api.v1.checkout.sessions.retrieve(subject["id"]).to_dict())


def _close_pages(api: stripe.StripeClient, began: int, report: Report) -> None:
    """Close every page of the lost time that can still be paid.

    If its checkout was begun just before, the database knows it and gets the event as usual.
    """
    listed = api.v1.checkout.sessions.list(
        {"status": "open", "created": {"gte": began - _SKEW_SECONDS}, "limit": 100}
    )
    for found in [one for one in listed.auto_paging_iter() if _is_ours(one.to_dict())]:
        try:
            api.v1.checkout.sessions.expire(found.id)
        except stripe.InvalidRequestError:
            continue  # paid meanwhile: its event follows
        report.closed.append(found.id)


def _give_back(
    api: stripe.StripeClient, session: Body, began: int, report: Report, *, really: bool
) -> None:
    """Refund what is left of an unknown checkout's payment."""
    if session["created"] < began - _SKEW_SECONDS:
        # a session is made after its checkout was committed
        said = "older than the restored database, which must know it: is it the right one?"
        report.findings.append(_finding(said, session))
        return
    intent = api.v1.payment_intents.retrieve(
        session["payment_intent"], {"expand": ["latest_charge"]}
    ).to_dict()
    if intent["status"] == "processing":
        said = "its payment is under way; run this again when Stripe knows its end"
        report.findings.append(_finding(said, session))
        return
    charge = intent["latest_charge"]
    if intent["status"] != "succeeded" or charge["amount_refunded"] == charge["amount_captured"]:
        return  # nothing was paid, or it was refunded before
    if not really:
        report.findings.append(_finding("would be refunded", session))
        return
    refund = api.v1.refunds.create(
        {
            "payment_intent": intent["id"],
            "metadata": {**session["metadata"], "reason": "lost_by_restore"},
        },
        {"idempotency_key": f"lost_checkout:{session['client_reference_id']}"},
    )
    failed = refund.status in ("failed", "canceled")
    said = "could not be sent back; pay another way what is left" if failed else "all that was left"
    outcome = Finding(f"{said} of {intent['id']}", refund.id, *_priced(session, refund.to_dict()))
    (report.findings if failed else report.given_back).append(outcome)


def _finding(what: str, subject: Body) -> Finding:
    return Finding(what, subject["id"], *_priced(subject, subject))


def _priced(ours: Body, priced: Body) -> tuple[str, int, str]:
    """The booking that something of ours is about; amount and currency of a session or refund."""
    amount = priced["amount_total"] if "amount_total" in priced else priced["amount"]
    return ours["metadata"]["booking_id"], amount or 0, str(priced["currency"]).upper()


def _post_to(url: str) -> Post:
    """Deliver over HTTPS, as Stripe does."""

    def post(body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError as error:
            raise NotTold(f"{url} does not answer: {error}") from error

    return post


def main() -> int:
    """Run it; 0 if nothing is left for a person."""
    summary = (__doc__ or "").partition("\n\n")[0]
    parser = argparse.ArgumentParser(prog="python -m dev.cloud.after_restore", description=summary)
    parser.add_argument(
        "--since",
        required=True,
        type=datetime.fromisoformat,
        help="the time that the database was restored to, with its zone: 2030-01-07T10:00:00Z",
    )
    parser.add_argument("--webhook-url", required=True, help="output WebhookUrl of the stack")
    parser.add_argument("--table", help="idempotency table whose records are to be forgotten")
    parser.add_argument("--give-back", action="store_true", help="close pages, give money back")
    options = parser.parse_args()
    if options.since.tzinfo is None:
        parser.error("--since needs a zone, such as Z")

    if options.table:
        import boto3  # noqa: PLC0415  only where it is asked for

        forgotten = forget_answers(boto3.client("dynamodb"), options.table)
        print(f"{forgotten} records of requests deleted")
    report = catch_up(
        client(os.environ["STRIPE_API_KEY"], os.environ.get("STRIPE_API_BASE")),
        _post_to(options.webhook_url),
        os.environ["STRIPE_WEBHOOK_SECRET"],
        options.since,
        give_back=options.give_back,
    )
    print(
        "replayed:",
        ", ".join(f"{n} {what}" for what, n in sorted(report.told.items())) or "nothing",
    )
    print(f"{len(report.closed)} pages closed, {len(report.given_back)} payments refunded")
    for refund in report.given_back:
        print(f"refunded {refund}")
    for finding in report.findings:
        print(f"look at {finding}")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
