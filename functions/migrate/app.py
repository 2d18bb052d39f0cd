"""Runs on deployment: brings the database to the state of the SQL files shipped with it.

CloudFormation asks for it as a custom resource and waits for the answer. Called directly, `{}` does
the same, `{"tenant": {…}}` makes a tenant and its keys, and `{"replace_secrets": true}` gives every
booking a secret of the newest key. Only callers that may invoke this function in the
account can do that; no route and no schedule leads here.
"""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from holdfast.access import secret_replacement, tenants
from holdfast.migrations import NewerDatabaseError, custom_resource, logins, migrate, reason
from holdfast.platform.observability import logger
from holdfast.platform.settings import settings


class FailedError(Exception):
    """The request could not be carried out; the message holds no secrets."""


# Not instrumented as the others are, because that hides an error's text, which here says what to
# fix.
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Apply pending migrations and changed functions; a failure changes nothing and is reported."""
    logger().append_keys(function=context.function_name, invocation_id=context.aws_request_id)
    if custom_resource.is_request(event):
        return custom_resource.serve(
            event, context, resource_id="holdfast-database", work=_deploy, explain=_reason
        )
    try:
        if event == {}:
            return _migrate(None)
        if isinstance(event, dict) and event.keys() == {"tenant"}:
            return tenants.administer(settings().database_url, event["tenant"])
        if event == {"replace_secrets": True}:
            left = context.get_remaining_time_in_millis() / 1000
            return secret_replacement.replace(settings().database_url, left / 2)
    except Exception as error:
        raise FailedError(_reason(error)) from None
    raise FailedError('the event must be {}, {"tenant": {…}} or {"replace_secrets": true}')


def _deploy(seconds: float) -> Mapping[str, Any]:
    """What a deployment needs: rolled-back code leaves a newer database as it is."""
    try:
        return {"SchemaVersion": _migrate(seconds)["version"]}
    except NewerDatabaseError as error:
        logger().warning("the database is newer than this code, and stays so", file=error.file)
        return {"SchemaVersion": error.version}


def _migrate(seconds: float | None) -> dict[str, Any]:
    settings().forget_database()  # its owner's password may have changed since the last time
    report = migrate(
        settings().database_url,
        settings().sql_dir,
        progress=lambda name: logger().info("applying", file=name),
        seconds=seconds,
    )
    changed = logins.provide(settings())
    return {
        "applied": list(report.applied),
        "reapplied": list(report.reapplied),
        "logins": list(changed),
        "version": report.version,
    }


def _reason(error: BaseException) -> str:
    """The part of an error that may be shown."""
    if isinstance(error, tenants.RefusedError | custom_resource.UnknownRequestError):
        return str(error)
    try:
        address = settings().database_url
    except Exception:
        address = None
    return reason(error, address)
