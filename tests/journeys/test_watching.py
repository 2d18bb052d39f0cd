"""Metrics and logs show what happens, for which tenant, and no personal data.

Every metric of the list is emitted by a story through the real handlers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from dev.stripe_double import refunds
from holdfast.calendars import reading
from holdfast.platform.observability import METRICS
from tests.harness.servers import feeds
from tests.harness.stripe.lost_times import paid_too_late
from tests.harness.system.in_process import System
from tests.harness.system.outages import REFUSING
from tests.harness.system.setup import TEN, changed, minutes, raw_event
from tests.harness.system.watched import Watched, leaks, watched

TWO = "2030-01-07T14:00:00Z"
FOUR = "2030-01-07T16:00:00Z"
WHOSE = {"function", "stage", "request_id"}
GRACE = {"name": "Grace Hopper", "email": "grace@example.com", "phone": "+442079460000"}
EMMY = {"name": "Emmy Noether", "email": "emmy@example.com"}


@dataclass(frozen=True, slots=True)
class Story:
    """What happens, and the metrics that must report it."""

    tell: Callable[[System], None]
    emits: frozenset[str]


STORIES: dict[str, Story] = {}


def story(*emits: str) -> Callable[[Callable[[System], None]], Callable[[System], None]]:
    """Let a function be a story that emits these metrics."""

    def declare(tell: Callable[[System], None]) -> Callable[[System], None]:
        STORIES[tell.__name__] = Story(tell, frozenset(emits))
        return tell

    return declare


def _break(system: System, function: str, arguments: str, sqlstate: str) -> None:
    system.database.execute(
        f"create or replace function api.{function}({arguments}) returns jsonb language plpgsql"
        f" security definer as $$ begin raise exception 'broken' using errcode = '{sqlstate}';"
        " end; $$"
    )


def _join(system: System, starts_at: str) -> None:
    body = system.hold_body(starts_at, customer=EMMY)
    assert system.request("POST", "/v1/waitlist", body).status == 201


# Stories -----------------------------------------------------------------------------------------


@story("HoldCreated", "HoldRefused", "HoldReleased", "Refused", "ClientPriceRefused")
def held_and_given_back(system: System) -> None:
    held = system.hold(TEN, customer=GRACE, notes="Call me at +442079460000")
    body = system.hold_body(TEN, customer=EMMY)
    assert system.request("POST", "/v1/holds", body).status == 409
    assert system.request("POST", "/v1/holds", body | {"amount": 1}).status == 422
    assert system.request("POST", "/v1/holds", body | {"customer": {"name": 7}}).status == 422
    path = f"/v1/holds/{held['id']}"
    assert system.request("DELETE", path, secret=held["client_secret"]).status == 200


@story("CheckoutBegun", "BookingConfirmed", "WebhookReceived")
def paid(system: System) -> None:
    held = system.paid(system.hold(TEN, customer=GRACE))
    assert system.confirmation(held)["status"] == "confirmed"


@story("LatePayment", "BookingConfirmed")
def paid_late_and_kept(system: System) -> None:
    paid_too_late(system, TEN, taken=False)


@story("LatePayment", "PaymentReturned", "EffectPerformed", "RefundMade")
def paid_late_and_returned(system: System) -> None:
    paid_too_late(system, TEN, taken=True)
    system.run_outbox()


@story("RefundFailed", "RefundsFailed")
def a_refund_that_fails(system: System) -> None:
    system.double.refunds_start_as("pending")
    paid_too_late(system, TEN, taken=True)
    system.run_outbox()
    (refund,) = system.double.state()["refunds"]
    system.double.move_refund(refund["id"], "failed")
    system.deliver_webhooks()
    system.run_outbox()


@story("EffectDead", "EffectsDead")
def a_refund_made_by_hand(system: System) -> None:
    paid_too_late(system, TEN, taken=True)
    (payment,) = system.double.state()["payments"]
    with system.double.operation() as context:
        refunds.create(context, {"payment_intent": payment["id"]})
    system.run_outbox()
    system.run_outbox()


@story("HoldsExpired", "CheckoutsClosing", "HoldLagSeconds", "EffectLagSeconds", "ClockSkewSeconds")
def left_alone(system: System) -> None:
    system.checkout(system.hold(TEN))
    system.hold(TWO, customer=EMMY)
    system.advance(minutes(40))
    system.run_outbox()  # measures
    system.sweep()
    system.advance(minutes(10))
    system.run_outbox()


@story("EffectRetried", "EffectAgeSeconds")
def stripe_is_down(system: System) -> None:
    held, _ = system.checkout(system.hold(TEN))
    system.double.faults.add("refuse", path="/v1/*", times=None)
    system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])
    system.advance(minutes(5))
    system.run_outbox()


@story("EffectFailed")
def the_outbox_has_a_fault(system: System) -> None:
    paid_too_late(system, TEN, taken=True)
    arguments = "p_effect_id uuid, p_lease uuid, p_verdict text, p_result jsonb"
    _break(system, "finish_effect", arguments, "XX000")
    system.run_outbox()


@story("BookingMoved", "ChangeBegun", "ChangeGivenUp")
def moved(system: System) -> None:
    held = system.paid(system.hold(TEN))
    assert system.move(held, TWO).status == 200
    system.change_prices(1000)
    assert system.move(held, FOUR).status == 202
    assert system.give_up(held).status == 200


@story("WaitlistJoined", "WaitlistOffered", "WaitlistLapsed", "OfferLagSeconds")
def a_customer_waits(system: System) -> None:
    system.hold(TEN, customer=GRACE)
    _join(system, TEN)
    system.advance(minutes(6))
    system.run_outbox()  # measures
    system.sweep("offer_waiting")
    system.run_outbox()  # sends her a letter
    system.hold(TWO, customer=GRACE)
    _join(system, TWO)
    system.advance(minutes(24 * 60))
    system.sweep("offer_waiting")


@story(
    "WebhookRefused", "WebhookMismatch", "WebhookUnknown", "WebhookFailed", "DatabaseUnavailable"
)
def odd_deliveries(system: System) -> None:
    _, session_id = system.checkout(system.hold(TEN, customer=GRACE))
    system.pay(session_id)
    event = raw_event(system, "checkout.session.completed")
    assert system.post_webhook(event, {"stripe-signature": "t=1,v1=0"}).status == 400
    assert system.post_event(changed(event, {}, livemode=True)).status == 400
    unknown = changed(event, {"id": "cs_test_other", "metadata": {}})
    assert system.post_event(unknown).body["result"] == "unknown"
    system.database_at(f"postgresql://holdfast@{REFUSING}/none")
    assert system.post_event(event).status == 503
    system.database_at(None)


@story(
    "CalendarAdded", "CalendarFeedGiven", "CalendarRead", "CalendarUnreadable",
    "CalendarLagSeconds", "CalendarsStale",
)  # fmt: skip
def calendars(system: System) -> None:
    path = f"/v1/catalogue/resources/{system.resource['id']}"
    with feeds.running() as shelf, pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "source", shelf.source)
        shelf.feeds["/grace-private.ics"] = feeds.calendar()
        for name in ("grace-private", "nothing-here"):
            body = {"name": "Private", "url": shelf.url(f"/{name}.ics")}
            answer = system.request("POST", f"{path}/calendars", body, key="secret")
            assert answer.status == 201, answer
        system.database.execute("update core.calendars set failures = 5 where url ~ 'nothing'")
        system.run_outbox()  # measures
        system.advance(minutes(1))
        system.sweep("refresh_calendars")
    given = system.request("POST", f"{path}/calendar-feeds", key="secret")
    assert given.status == 201, given
    feed = given.body["url"].partition("/v1/")[2]
    assert system.request("GET", f"/v1/{feed}", key=None).status == 200


@story("InternalError", "TransactionRetried", "StatementTimeout")
def faults_of_ours(system: System) -> None:
    held = system.hold(TEN, customer=GRACE)
    # PostgreSQL quotes what it cannot read: invalid input syntax for type uuid: "Grace Hopper"
    system.database.execute(
        "create or replace function api.get_booking(p_actor jsonb, p_booking_id uuid) returns jsonb"
        " language plpgsql security definer as $$ declare v_name text := 'Grace Hopper';"
        " begin return to_jsonb(v_name::uuid); end $$"
    )
    path = f"/v1/bookings/{held['id']}"
    assert system.request("GET", path, key="secret").status == 500
    for sqlstate in ("40001", "57014"):
        _break(system, "health", "", sqlstate)
        assert system.request("GET", "/health").status == 503


@story("LockTimeout")
def a_busy_booking(system: System) -> None:
    held = system.hold(TEN, customer=GRACE)
    with system.database.connect() as other:
        other.execute("select from core.bookings for update")
        path = f"/v1/holds/{held['id']}"
        assert system.request("DELETE", path, secret=held["client_secret"]).status == 503


@story("ReconciliationFindings")
def books_are_compared(system: System) -> None:
    system.sweep("reconcile")


@story("RecordsDeleted", "RecordsStuck", "OpeningsCompiled")
def a_hold_is_not_paid(system: System) -> None:
    held = system.hold(TEN, customer=GRACE)
    path = f"/v1/holds/{held['id']}"
    assert system.request("DELETE", path, secret=held["client_secret"]).status == 200
    system.advance(minutes(40 * 24 * 60))
    swept = system.sweep("retention")
    assert swept["bookings"] == 1
    assert swept["openings"] > 0


@story("CustomerExported", "CustomerErased")
def a_customer_is_erased(system: System) -> None:
    held = system.hold(TEN, customer=GRACE)
    path = f"/v1/holds/{held['id']}"
    assert system.request("DELETE", path, secret=held["client_secret"]).status == 200
    for act in ("export", "erasure"):
        body = {"email": GRACE["email"]}
        assert system.request("POST", f"/v1/customers/{act}", body, key="secret").status == 200


@story("LetterWithheld")
def a_mailbox_that_had_its_letters(system: System) -> None:
    system.database.execute("update core.tenants set letters_per_unproved = 0")
    system.hold(TEN, customer=GRACE)
    _join(system, TEN)
    system.advance(minutes(6))
    system.sweep("offer_waiting")
    system.run_outbox()


@story("RateLimited", "RateLimiterUnavailable")
def too_often(system: System) -> None:
    system.database.execute("update core.tenants set rate_reads = 1")
    system.renew()
    system.with_environment(AWS_ENDPOINT_URL_DYNAMODB=f"http://{REFUSING}")
    statuses = [system.request("GET", "/v1/resources").status for _ in range(2)]
    assert statuses == [200, 429]


@story("SweepRowsFailing")
def a_row_that_no_sweep_can_do(system: System) -> None:
    system.database.execute(
        "insert into core.sweep_failures (tenant_id, sweep, row_id, sqlstate, retry_at, updated_at)"
        " select id, 'expire_holds', id, 'XX000', core.clock() + interval '1 minute', core.clock()"
        " from core.tenants"
    )
    system.run_outbox()


# Laws --------------------------------------------------------------------------------------------


@pytest.fixture
def seen(system: System, request: pytest.FixtureRequest) -> Watched:
    """Everything that was logged during the story."""
    with watched() as collected:
        STORIES[request.param].tell(system)
    return collected


@pytest.mark.parametrize("seen", STORIES, indirect=True)
def test_a_story_is_measured_and_logs_nothing_personal(
    system: System, seen: Watched, request: pytest.FixtureRequest
) -> None:
    """Its metrics are there, in their units and dimensions; each line names the tenant.

    No line has a name, an address, a number, a note, a secret, a key or the address of a calendar.

    Cases: P-7
    Proves: ASVS 16.2.1, 16.2.2, 16.2.4, 16.2.5, 16.3.1
    """
    expected = STORIES[request.node.callspec.params["seen"]].emits
    dimensions = ("service=holdfast", "stage=dev")
    told = {name for name, values in seen.metrics.items() if any(values) or name in expected}

    assert expected - told == set()
    assert seen.kinds == {
        name: ("Holdfast", dimensions, METRICS[name].unit.value) for name in seen.kinds
    }
    assert [line for line in seen.lines if not set(line) >= WHOSE] == []
    assert leaks(seen.text, system.database) == set()


def test_every_metric_has_its_story() -> None:
    """The list holds no name that is never emitted."""
    assert set(METRICS) == {name for each in STORIES.values() for name in each.emits}


def test_a_leak_would_be_seen(system: System) -> None:
    """The twin: forbidden data in a log is recognised."""
    held = system.hold(TEN, customer=GRACE, notes="by the window")
    secrets = (held["client_secret"], system.secrets.secret_key, system.secrets.webhook_secret)

    for text in (*GRACE.values(), "by the window", *secrets):
        assert leaks(f'{{"message": "held for {text}"}}', system.database) != set()


def test_gauges_say_how_far_behind_things_are(system: System) -> None:
    """Nothing is waiting: zero. A hold 10 minutes past its end, not swept: 600 seconds."""
    with watched() as idle:
        system.run_outbox()
    system.hold(TEN)
    system.advance(minutes(15))
    with watched() as late:
        system.run_outbox()
    system.sweep()
    with watched() as swept:
        system.run_outbox()

    gauges = {n for n in METRICS if n.endswith("LagSeconds")} | {"EffectAgeSeconds", "EffectsDead"}
    assert {name: idle.metrics[name] for name in gauges} == {name: [0] for name in gauges}
    assert late.metrics["HoldLagSeconds"] == [pytest.approx(600, abs=5)]
    assert swept.metrics["HoldLagSeconds"] == [0]


def test_gauges_are_written_before_the_work(system: System) -> None:
    """A run that fails at its work has measured all the same."""
    _break(system, "claim_effects", "p_limit integer, p_lease_seconds integer", "XX000")
    with watched() as seen, pytest.raises(Exception, match="InternalError"):
        system.run_outbox()

    assert "EffectLagSeconds" in seen.metrics
    (line,) = seen.said("invocation failed")
    assert (line["sqlstate"], line["level"]) == ("XX000", "ERROR")
