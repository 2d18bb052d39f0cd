"""The front door against repeated requests: DynamoDB through Powertools.

It replays stored answers and turns away twins at work, cheaply and before the database. It is not
the
fence: that is a unique row in PostgreSQL, written in the transaction of the effect.
"""

import functools
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyItemAlreadyExistsError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.errors import IdempotencyKeyReused, RequestInProgress, Unavailable
from holdfast.observability import logger
from holdfast.settings import settings

_KEPT_SECONDS = 25 * 60 * 60  # longer than anybody retries, and than Stripe keeps its keys

Effect = Callable[[], dict[str, Any]]


def once(
    scope: str, key: str, request: dict[str, Any], effect: Effect, context: LambdaContext
) -> dict[str, Any]:
    """Run an effect, or answer what an earlier call with this key was answered.

    Args:
        scope: who asks for what; keys of different callers and operations never meet.
        key: the client's idempotency key.
        request: what was asked; another request under the same key is refused.
        effect: makes the answer; must not contain secrets, because it is stored.
        context: tells how long this invocation can still run.

    Raises:
        IdempotencyKeyReused: the key was used for another request.
        RequestInProgress: the same request is being worked on.
        Unavailable: DynamoDB cannot be reached. The effect may have happened; the fence knows.
    """
    config().register_lambda_context(context)
    try:
        answer: dict[str, Any] = _guarded()(
            request={"key": f"{scope}#{key}", "body": request}, effect=effect
        )
    except IdempotencyValidationError as error:
        raise IdempotencyKeyReused() from error
    except (
        IdempotencyAlreadyInProgressError,
        IdempotencyInconsistentStateError,
        IdempotencyItemAlreadyExistsError,
    ) as error:
        raise RequestInProgress(retry_after=1) from error
    except IdempotencyPersistenceLayerError as error:
        logger().warning("idempotency store unavailable", error=type(error.__cause__).__name__)
        raise Unavailable() from error
    return answer


def preload() -> None:
    """Load what the first request would: a third of a second, and neither secret nor connection."""
    import boto3  # noqa: PLC0415 only the functions that take POSTs pay for it
    import botocore.session  # noqa: PLC0415

    session = botocore.session.get_session()
    session.get_service_model("dynamodb")
    boto3.setup_default_session(botocore_session=session)


@functools.cache
def config() -> IdempotencyConfig:
    return IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="body",
        raise_on_no_idempotency_key=True,
        expires_after_seconds=_KEPT_SECONDS,
        hash_function="sha256",
    )


@functools.cache
def _guarded() -> Callable[..., dict[str, Any]]:
    # imported at first use: only the functions that take POSTs pay for it
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    client = boto3.client(
        "dynamodb",
        config=Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2}),
    )
    store = DynamoDBPersistenceLayer(table_name=settings().idempotency_table, boto3_client=client)

    def perform(*, request: dict[str, Any], effect: Effect) -> dict[str, Any]:  # noqa: ARG001
        return effect()

    guarded: Callable[..., dict[str, Any]] = idempotent_function(
        perform, data_keyword_argument="request", persistence_store=store, config=config()
    )
    return guarded
