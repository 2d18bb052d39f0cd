"""Every minute: expire holds and checkouts that have passed their deadline."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.platform import sweeps
from holdfast.platform.observability import count, instrument, logger


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Answer how many holds expired and how many checkouts are being closed."""
    swept = sweeps.expire_holds(context)
    logger().info("swept", expired=swept["expired"], closing=swept["closing"])
    count("HoldsExpired", swept["expired"])
    count("CheckoutsClosing", swept["closing"])
    return swept
