"""Every minute: measure how late the work is, then perform the effects that are due.

By hand, with {"retry": effect id, "operator": who}: perform a dead or failed effect again.
"""

from typing import Any
from uuid import UUID

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.outbox import effects
from holdfast.platform import health, sweeps
from holdfast.platform.observability import instrument, logger


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer how many effects were performed or tried; or which is performed again."""
    if "retry" in event:
        return effects.retry(UUID(event["retry"]), str(event["operator"]))

    health.measure()  # first: what follows may be slow
    delivered = 0

    def batch() -> bool:
        nonlocal delivered
        claimed = effects.deliver_batch()
        delivered += claimed
        return claimed > 0

    sweeps.repeat(batch, context)
    logger().info("delivered", effects=delivered)
    return {"delivered": delivered}
