"""Every five minutes: read the external calendars that are due."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.calendars import reading
from holdfast.platform.observability import instrument, logger


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Answer how many calendars were read and how many could not be."""
    swept = reading.sweep(context)
    logger().info("swept", read=swept["read"], failed=swept["failed"])
    return swept
