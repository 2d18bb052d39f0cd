"""Clients of DynamoDB, which a request that makes something asks three times."""

from typing import Any


def client(*, connect_timeout: float, read_timeout: float, attempts: int) -> Any:
    """A client that spends no time on what never changes here.

    Without a name of its own botocore composes one for every request, of thirty parts; and it
    checks the shape of every request, although all of them are written in this code. Together that
    is a sixth of a warm hold's own time.

    Args:
        connect_timeout: seconds.
        read_timeout: seconds.
        attempts: in all, the first one included.
    """
    # imported at first use: only the functions that take POSTs pay for it
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        retries={"total_max_attempts": attempts},
        user_agent="holdfast",
        parameter_validation=False,
    )
    return boto3.client("dynamodb", config=config)
