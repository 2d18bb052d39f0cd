"""Logs, metrics and the wrapper of every handler. Personal data is never logged.

Structured JSON through Powertools: one line for each thing worth knowing, with the request's id.
The same id is in the audit trail, in effects, in what Stripe stores of a session or refund, and as
a comment in the SQL that the database sees.

Exceptions are logged by kind and place, without their text: that of a database error may quote a
row, and that of a validation the input.
"""

import functools
import os
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.platform.errors import HoldfastError

Handler = Callable[[dict[str, Any], LambdaContext], Any]


class Metric(NamedTuple):
    """What a number means."""

    unit: MetricUnit
    meaning: str


_COUNT, _SECONDS = MetricUnit.Count, MetricUnit.Seconds

# All metrics there are, in namespace Holdfast with the dimensions `service` and `stage`.
METRICS: Mapping[str, Metric] = {
    # bookings
    "HoldCreated": Metric(_COUNT, "times were held for a customer"),
    "HoldRefused": Metric(_COUNT, "a requested time was taken: 409 slot_taken"),
    "HoldReleased": Metric(_COUNT, "a hold was released by its customer"),
    "HoldsExpired": Metric(_COUNT, "holds that the sweep ended"),
    "CheckoutBegun": Metric(_COUNT, "a customer was sent to Stripe's payment page"),
    "CheckoutsClosing": Metric(_COUNT, "payment pages that the sweep had closed"),
    "BookingConfirmed": Metric(_COUNT, "a booking was paid and has its time"),
    "BookingMoved": Metric(_COUNT, "a booking was moved to another time"),
    "ChangeBegun": Metric(_COUNT, "a reschedule waits for the payment of its difference"),
    "ChangeGivenUp": Metric(_COUNT, "a waiting reschedule was cancelled"),
    "LatePayment": Metric(_COUNT, "money came after its time had been lost"),
    "PaymentReturned": Metric(_COUNT, "money came that could not be kept: late, twice, wrong"),
    "WaitlistJoined": Metric(_COUNT, "a customer waits for a time"),
    "WaitlistOffered": Metric(_COUNT, "offers that the sweep made"),
    "WaitlistLapsed": Metric(_COUNT, "entries whose time passed without an offer"),
    # deleted by retention
    "RecordsDeleted": Metric(_COUNT, "rows that were kept long enough were deleted"),
    "RecordsStuck": Metric(_COUNT, "bookings to be deleted that something still refers to"),
    "OpeningsCompiled": Metric(_COUNT, "opening hours that the sweep wrote or deleted"),
    "CustomerExported": Metric(_COUNT, "a server fetched what is held about a person"),
    "CustomerErased": Metric(_COUNT, "a person was erased"),
    # the outbox
    "EffectPerformed": Metric(_COUNT, "an effect was tried by the outbox and recorded"),
    "EffectRetried": Metric(_COUNT, "an effect could not be performed now; it is tried again"),
    "EffectFailed": Metric(_COUNT, "a fault of ours kept an effect from being performed"),
    "EffectDead": Metric(_COUNT, "an effect was refused for good: a person must look"),
    "LetterWithheld": Metric(_COUNT, "a mailbox had as many letters as a day allows; it got none"),
    "RefundMade": Metric(_COUNT, "Stripe has given money back"),
    "RefundFailed": Metric(_COUNT, "a refund failed: the money is with us, a person must look"),
    # Stripe's webhook
    "WebhookReceived": Metric(_COUNT, "an event was taken in"),
    "WebhookUnknown": Metric(_COUNT, "an event was about no checkout or refund of ours"),
    "WebhookRefused": Metric(_COUNT, "a delivery had no signature of ours"),
    "WebhookMismatch": Metric(_COUNT, "a signed event of another API version or mode"),
    "WebhookFailed": Metric(_COUNT, "an event could not be settled; Stripe repeats it"),
    # external calendars
    "CalendarAdded": Metric(_COUNT, "a calendar is read from now on"),
    "CalendarFeedGiven": Metric(_COUNT, "a feed of bookings was given out"),
    "CalendarRead": Metric(_COUNT, "a calendar was read"),
    "CalendarUnreadable": Metric(_COUNT, "a calendar could not be read"),
    # faults and refusals
    "Refused": Metric(_COUNT, "a request was refused (4xx)"),
    "RateLimited": Metric(_COUNT, "a request was one too many: 429 rate_limited"),
    "RateLimiterUnavailable": Metric(_COUNT, "DynamoDB did not count a request; it went on"),
    "ClientPriceRefused": Metric(_COUNT, "a client sent a price"),
    "InternalError": Metric(_COUNT, "a request met a fault of ours (500)"),
    # the database, as the functions see it
    "LockTimeout": Metric(_COUNT, "a call waited 3 s for a lock and gave up (55P03)"),
    "TransactionRetried": Metric(_COUNT, "a call lost to another one (40001, 40P01)"),
    "StatementTimeout": Metric(_COUNT, "a call took too long and was cancelled (57014)"),
    "DatabaseUnavailable": Metric(_COUNT, "a connection was lost or could not be made"),
    # gauges, once a minute, by the outbox before it works (health.measure)
    "EffectLagSeconds": Metric(_SECONDS, "how long the effect that is due longest has been due"),
    "EffectAgeSeconds": Metric(_SECONDS, "age of the oldest effect whose last attempt failed"),
    "EffectsDead": Metric(_COUNT, "effects that wait for a person"),
    "RefundsFailed": Metric(_COUNT, "failed refunds that no other one has replaced"),
    "HoldLagSeconds": Metric(_SECONDS, "how far past its deadline the oldest hold or change is"),
    "OfferLagSeconds": Metric(_SECONDS, "how long a waiting customer has not been looked at"),
    "CalendarLagSeconds": Metric(_SECONDS, "how far past its turn the oldest calendar is"),
    "CalendarsStale": Metric(_COUNT, "calendars that failed five times in a row, or more"),
    "SweepRowsFailing": Metric(_COUNT, "rows that sweeps pass over, because they cannot do them"),
    "ClockSkewSeconds": Metric(_SECONDS, "how far the functions' clock is from the database's"),
    # the daily comparison of Stripe with our books
    "ReconciliationFindings": Metric(_COUNT, "open differences between Stripe and our books"),
}

_TROUBLES = {
    "40001": "TransactionRetried",
    "40P01": "TransactionRetried",
    "55P03": "LockTimeout",
    "57014": "StatementTimeout",
}

_request_id: ContextVar[str] = ContextVar("request_id", default="")


@functools.cache
def logger() -> Logger:
    return Logger()


@functools.cache
def metrics() -> Metrics:
    emitter = Metrics()
    emitter.set_default_dimensions(stage=_stage())
    return emitter


def count(name: str, value: float = 1) -> None:
    """Add to one of METRICS, in its unit."""
    metrics().add_metric(name=name, unit=METRICS[name].unit, value=value)


gauge = count  # the same call; a gauge is read by its maximum, a count by its sum


def count_trouble(sqlstate: str | None) -> None:
    """Count what went wrong in the database, as far as it is watched."""
    if name := _TROUBLES.get(sqlstate or ""):
        count(name)


def flush() -> None:
    """Write the metrics that were counted so far: what follows may run into a time limit."""
    if metrics().metric_set:
        metrics().flush_metrics()


def about(**known: object) -> None:
    """Say in all further lines of this invocation what they are about: tenant, booking, …"""
    logger().append_keys(**{key: str(value) for key, value in known.items() if value is not None})


def fault(message: str, error: BaseException, **fields: Any) -> None:
    """Log a fault of ours: what kind of exception, where, and none of its text."""
    logger().error(message, **fields, **described(error))


def described(error: BaseException) -> dict[str, Any]:
    """An exception, and what caused it, without anything that it may quote."""
    diagnosis = getattr(error, "diag", None)  # of a database error
    found = {
        "error": _kind(error),
        "sqlstate": getattr(error, "sqlstate", None),
        "constraint": getattr(diagnosis, "constraint_name", None),
        "where": list(_frames(error)),
        "stored_functions": re.findall(
            r"PL/pgSQL function (\S+?\(.*?\) line \d+)", getattr(diagnosis, "context", None) or ""
        ),
        "causes": list(_causes(error)),
    }
    return {name: value for name, value in found.items() if value}


def _kind(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _causes(error: BaseException) -> Iterator[str]:
    """The kinds of its causes; a chain may be a ring."""
    met = {id(error)}
    while (earlier := error.__cause__ or error.__context__) and id(earlier) not in met:
        met.add(id(earlier))
        yield f"{_kind(earlier)} {getattr(earlier, 'sqlstate', None) or ''}".strip()
        error = earlier


def _frames(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__)[-12:]:
        yield f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}"


def comment() -> str:
    """The request's id as the end of an SQL text: on the server one can see which request a call is
    of.

    A setting such as application_name would have to be changed with every call, and pin the
    sessions of a pooling proxy. A comment costs nothing, and pg_stat_statements leaves it out.
    """
    request_id = re.sub(r"[^A-Za-z0-9_=:.-]", "", _request_id.get())[:80]
    return f" /* request_id='{request_id}' */" if request_id else ""


def instrument(handler: Handler) -> Handler:
    """Give a handler its log context and flush its metrics, whatever happens in it.

    Raises:
        Failed: in place of an exception with an unchecked text; Lambda logs texts.
    """

    @functools.wraps(handler)
    def instrumented(event: dict[str, Any], context: LambdaContext) -> Any:
        request_context = event.get("requestContext") if isinstance(event, dict) else None
        request_id = (request_context or {}).get("requestId") or context.aws_request_id
        token = _request_id.set(request_id)
        logger().clear_state()
        logger().append_keys(
            function=context.function_name,
            stage=_stage(),
            invocation_id=context.aws_request_id,
            request_id=request_id,
        )
        try:
            return handler(event, context)
        except HoldfastError as error:
            logger().warning("invocation failed", code=error.code)
            raise
        except Exception as error:
            fault("invocation failed", error)
            raise Failed(type(error).__qualname__) from None
        finally:
            flush()
            _request_id.reset(token)

    return instrumented


class Failed(Exception):
    """An invocation met a fault of ours; the log has a line about it."""


def _stage() -> str:
    return os.environ.get("STAGE", "dev")
