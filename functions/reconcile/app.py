"""Every hour: begin or continue the day's comparison of Stripe's books with ours."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.payments import reconciliation
from holdfast.platform.observability import instrument, logger


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Answer what was compared, found and repaired, and how many findings are open."""
    compared = reconciliation.run(context)
    looked, foreign, found = (compared[name] for name in ("looked", "foreign", "found"))
    logger().info(
        "books compared",
        looked=looked,
        foreign=foreign,
        found=found,
        cured=compared["cured"],
        open=compared["open"],
    )
    return compared
