"""The front door against repeated requests: DynamoDB through Powertools.

It refuses repeats of a request under way, and keys that come with another request, before they cost
the database anything. It answers nothing: all it stores of a request is that it is done, and the id
of what was made. The answer to a repeat comes from the database, which first authorises the caller;
there a unique row, written in the transaction of the effect, is the fence.
"""

import functools
import hashlib
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

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

from holdfast.access.actors import Actor
from holdfast.platform import dynamodb
from holdfast.platform.errors import (
    IdempotencyKeyReused,
    RequestInProgress,
    Unauthenticated,
    Unavailable,
)
from holdfast.platform.observability import logger
from holdfast.platform.settings import settings

_KEPT_SECONDS = 25 * 60 * 60  # longer than clients retry, and than Stripe keeps its keys
_ALIVE_SECONDS = 5 * 60
_ALIVE_KEYS = 1_000  # that one execution environment remembers

Effect = Callable[[], dict[str, Any]]

# API keys, by their hashes, that the database has accepted, and until when we believe it. A request
# with any other goes straight to the database, which may not know it: a caller without a key writes
# nothing anywhere.
_alive: dict[str, float] = {}


def once(
    actor: Actor,
    operation: str,
    subject: UUID | None,
    key: str,
    request: dict[str, Any],
    effect: Effect,
    context: LambdaContext,
) -> dict[str, Any]:
    """Run an effect, which returns what an earlier call with this key made, if there was one.

    Args:
        actor: the caller; each of its credentials is a part of what the key belongs to.
        operation: what for.
        subject: the booking or resource that it is about; None where nothing exists yet.
        key: the client's idempotency key.
        request: what was asked; another request under the same key is refused.
        effect: authorises the actor, then does it or finds it done, in the database. Answers with
            an "id", or with a "booking" that has one.
        context: says how long this invocation can still run.

    Raises:
        IdempotencyKeyReused: the key was used for another request.
        RequestInProgress: the same request is being worked on.
        Unavailable: DynamoDB cannot be reached. The effect may have happened; the fence knows.
    """
    if not _seen_alive(actor.key_hash):
        answer = effect()
        _remember(actor.key_hash)
        return answer
    answers: list[dict[str, Any]] = []

    def perform() -> dict[str, Any]:
        answers.append(_performed(actor, effect))
        made: dict[str, Any] = answers[0].get("booking", answers[0])
        return {"id": made["id"]}

    config().register_lambda_context(context)
    try:
        scope = _scope(actor, operation, subject)
        _guarded()(request={"key": f"{scope}#{key}", "body": request}, effect=perform)
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
    # done before: the database knows whether this caller may still see it
    return answers[0] if answers else _performed(actor, effect)


def preload() -> None:
    """Load what the first request would: it takes a third of a second, and includes neither secret
    nor connection.
    """
    import boto3  # noqa: PLC0415 only the functions that take POSTs pay for it
    import botocore.session  # noqa: PLC0415

    session = botocore.session.get_session()
    session.get_service_model("dynamodb")
    boto3.setup_default_session(botocore_session=session)


def _performed(actor: Actor, effect: Effect) -> dict[str, Any]:
    try:
        return effect()
    except Unauthenticated:  # revoked since
        _alive.pop(actor.key_hash, None)
        raise


def _scope(actor: Actor, operation: str, subject: UUID | None) -> str:
    """One value for all that must be equal in two requests that count as one."""
    parts = (actor.key_hash, actor.booking_secret_hash, operation, subject)
    return hashlib.sha256("\n".join(str(part or "") for part in parts).encode()).hexdigest()


def _seen_alive(key_hash: str) -> bool:
    return _alive.get(key_hash, 0.0) > time.monotonic()


def _remember(key_hash: str) -> None:
    """The database has accepted this key."""
    _alive.pop(key_hash, None)
    while len(_alive) >= _ALIVE_KEYS:
        del _alive[next(iter(_alive))]  # the one that was remembered first
    _alive[key_hash] = time.monotonic() + _ALIVE_SECONDS


@functools.cache
def config() -> IdempotencyConfig:
    return IdempotencyConfig(
        event_key_jmespath="key",
        # the request's hash includes the client's own random key, which is not stored: a reader of
        # the table cannot try names and addresses until one fits
        payload_validation_jmespath="[key, body]",
        raise_on_no_idempotency_key=True,
        expires_after_seconds=_KEPT_SECONDS,
        hash_function="sha256",
    )


@functools.cache
def _guarded() -> Callable[..., dict[str, Any]]:
    client = dynamodb.client(connect_timeout=1, read_timeout=2, attempts=2)
    store = DynamoDBPersistenceLayer(table_name=settings().idempotency_table, boto3_client=client)

    def perform(*, request: dict[str, Any], effect: Effect) -> dict[str, Any]:  # noqa: ARG001
        return effect()

    guarded: Callable[..., dict[str, Any]] = idempotent_function(
        perform, data_keyword_argument="request", persistence_store=store, config=config()
    )
    return guarded
