"""Logs, metrics and the wrapper that every handler has. Nothing personal is ever logged.

Structured JSON through Powertools: one line for each thing worth knowing, with the request's id.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

Handler = Callable[[dict[str, Any], LambdaContext], Any]


@functools.cache
def logger() -> Logger:
    return Logger()


@functools.cache
def metrics() -> Metrics:
    emitter = Metrics()
    emitter.set_default_dimensions(stage=os.environ.get("STAGE", "dev"))
    return emitter


def count(name: str, value: float = 1) -> None:
    """Add to a metric of this name; unit: count."""
    metrics().add_metric(name=name, unit=MetricUnit.Count, value=value)


def instrument(handler: Handler) -> Handler:
    """Give a handler its log context and flush its metrics, whatever happens in it."""

    @functools.wraps(handler)
    def instrumented(event: dict[str, Any], context: LambdaContext) -> Any:
        request_context = event.get("requestContext") if isinstance(event, dict) else None
        logger().clear_state()
        logger().append_keys(
            function=context.function_name,
            invocation_id=context.aws_request_id,
            request_id=(request_context or {}).get("requestId"),
        )
        try:
            return handler(event, context)
        finally:
            if metrics().metric_set:
                metrics().flush_metrics()

    return instrumented
