"""Every hour: delete expired data, and compile the openings of coming days."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.platform import sweeps
from holdfast.platform.observability import count, instrument, logger


@instrument
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:  # noqa: ARG001
    """Answer how much of each kind was deleted, how many bookings are still referred to, and of how
    many resources how many openings were changed.
    """
    swept = sweeps.delete_expired(context)
    deleted = sum(swept.values()) - swept["stuck"]
    logger().info("swept", deleted=deleted, stuck=swept["stuck"])
    count("RecordsDeleted", deleted)
    count("RecordsStuck", swept["stuck"])
    compiled = sweeps.compile_openings(context)
    count("OpeningsCompiled", compiled["openings"])
    return swept | compiled
