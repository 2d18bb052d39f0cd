"""The environment of each function: what its template declares, and local replacements for the
cloud.

Secrets Manager does not exist here. Where a function declares the ARN of a secret, it gets the
value itself, under the name that `holdfast`'s settings prefer; a function that declares none gets
none, so a permission missing in the template fails on a laptop too.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dev.cloudformation.intrinsics import ACCOUNT, REGION
from dev.cloudformation.template import Function
from dev.stack.secrets import LocalSecrets

_OUTBOUND = ("HTTPS_PROXY", "NO_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE")  # how to reach Stripe


@dataclass(frozen=True, slots=True)
class Backends:
    """What the functions talk to.

    Attributes:
        root: folder of the checkout.
        database_url: address of the database for a role; "" is the owner of the schema.
        dynamodb: address of DynamoDB, and of SES beside it.
        stripe: address of the Stripe double; None is Stripe itself.
        secrets: keys and signing secrets.
        booking_page: address of the booking page; None is what the template says.
    """

    root: Path
    database_url: Callable[[str], str]
    dynamodb: str
    stripe: str | None
    secrets: LocalSecrets
    booking_page: str | None = None


def environment(function: Function, backends: Backends) -> dict[str, str]:
    """Every variable a function's process starts with; nothing comes from our own by default."""
    declared = function.environment
    variables = _lambda(function, backends.root) | dict(declared)
    variables.pop("DATABASE_LOGIN_SECRETS", None)  # the roles here have no passwords to write down
    if "DATABASE_SECRET_ARN" in declared:
        variables["DATABASE_URL"] = backends.database_url(declared.get("DATABASE_ROLE", ""))
    if "STRIPE_SECRET_ARN" in declared:
        variables["STRIPE_API_KEY"] = backends.secrets.stripe_api_key
        if backends.stripe is not None:
            variables["STRIPE_API_BASE"] = backends.stripe
        else:
            variables |= {name: os.environ[name] for name in _OUTBOUND if name in os.environ}
    if "STRIPE_WEBHOOK_SECRET_ARN" in declared:
        variables["STRIPE_WEBHOOK_SECRETS"] = backends.secrets.webhook_secret
    if "BOOKING_SECRET_ARN" in declared:
        variables["BOOKING_SECRET_KEY"] = backends.secrets.booking_key
    if "BOOKING_PAGE_URL" in declared and backends.booking_page is not None:
        variables["BOOKING_PAGE_URL"] = backends.booking_page
    if "PAGE_PUBLISHABLE_KEY" in declared:  # here the page is the demo tenant's
        variables["PAGE_PUBLISHABLE_KEY"] = backends.secrets.publishable_key
    if declared.keys() & {"IDEMPOTENCY_TABLE", "RATE_LIMIT_TABLE", "MAIL_FROM"}:
        variables |= {
            "AWS_ENDPOINT_URL_DYNAMODB": backends.dynamodb,
            "AWS_ENDPOINT_URL_SESV2": backends.dynamodb,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    if "SQL_DIR" in declared:
        variables["SQL_DIR"] = str(backends.root / "sql")
    return variables


def _lambda(function: Function, root: Path) -> dict[str, str]:
    """What Lambda itself sets ("Defined runtime environment variables"), and Python's path."""
    return {
        "AWS_ACCOUNT_ID": ACCOUNT,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.logical_id,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.logical_id}",
        "AWS_REGION": REGION,
        "HOME": os.environ.get("HOME", "/"),
        "LAMBDA_TASK_ROOT": str(root / function.code),
        "LANG": "C.UTF-8",
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(root / "layers" / "core"),
        "TZ": "UTC",
        "_HANDLER": function.handler,
    }
