"""Every minute: perform the effects outside the database that are due."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast import effects, sweeps
from holdfast.observability import instrument, logger


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Answer how many effects were performed or tried."""
    delivered = 0

    def batch() -> bool:
        nonlocal delivered
        claimed = effects.deliver_batch()
        delivered += claimed
        return claimed > 0

    sweeps.repeat(batch, context)
    logger().info("delivered", effects=delivered)
    return {"delivered": delivered}
