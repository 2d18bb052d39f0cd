"""Every minute: offer what has become free to those who wait for it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.platform import sweeps
from holdfast.platform.observability import count, instrument, logger


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Answer how many offers were made, and how many entries lapsed."""
    swept = sweeps.offer_waiting(context)
    logger().info("swept", offered=swept["offered"], lapsed=swept["lapsed"])
    count("WaitlistOffered", swept["offered"])
    count("WaitlistLapsed", swept["lapsed"])
    return swept
