"""Which account and region a command acts in, and the person who answers its questions."""

import getpass
import os
import sys
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from dev.cloud.stages import CloudError, Stage


@dataclass(frozen=True, slots=True)
class Account:
    """An account and a region. `session` makes the clients."""

    number: str
    user: str
    region: str
    session: Any

    def client(self, service: str) -> Any:
        """boto3's client of a service, in the region."""
        return self.session.client(service)


def find(stage: Stage) -> Account:
    """The account that the credentials of this shell open. Raises CloudError."""
    # boto3 itself only knows AWS_DEFAULT_REGION; the AWS CLI and SAM know both
    session = boto3.Session(region_name=stage.region or os.environ.get("AWS_REGION") or None)
    region = session.region_name
    if not region:
        raise CloudError("no region: set AWS_REGION, or `region` in your AWS profile")
    try:
        me = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise CloudError(
            f"no valid AWS credentials ({type(error).__name__}): sign in, or set AWS_PROFILE"
        ) from None
    return Account(me["Account"], me["Arn"], region, session)


def confirmed(question: str, word: str) -> bool:
    """Whether the person types exactly that word."""
    try:
        return input(f"{question}\nType {word!r} to go on: ").strip() == word
    except EOFError:
        return False


def ask_secretly(question: str) -> str:
    """A value that is not shown while it is typed. Raises CloudError without a terminal."""
    if not sys.stdin.isatty():
        raise CloudError("a secret has to be typed, and there is no terminal: run this in one")
    return getpass.getpass(question)


def told(error: BotoCoreError | ClientError) -> str:
    """AWS's refusal in one line: operation and code, not the request."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "refused")
        return f"AWS refuses {error.operation_name}: {code}"
    return f"AWS cannot be reached: {type(error).__name__}"
