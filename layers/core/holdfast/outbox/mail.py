"""The only module that sends e-mail: through Amazon SES.

SES has no idempotency keys: a message whose answer was lost is sent again. So the texts are worded
so that they may come twice.

Source: SES API v2, SendEmail and its errors.
"""

import functools
from typing import Any

from holdfast.platform import ascii_addresses
from holdfast.platform.errors import Unavailable
from holdfast.platform.settings import settings

_TIMEOUT_SECONDS = 5
# About this message, not a temporary failure: the same call would be refused again.
_FINAL = {"BadRequestException", "MessageRejected"}


class Refused(Exception):
    """SES will never send this message; repeating it is useless."""


def send(to: str, subject: str, text: str, html: str) -> str:
    """Send a message as plain text and HTML.

    Args:
        to: one address; its domain may be in any script.

    Returns:
        The id that SES gave it.

    Raises:
        Refused: SES refuses this message for good, or would.
        Unavailable: it may not have been sent.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 slow to import

    try:
        address = ascii_addresses.mailbox(to)  # SES accepts no other letters, nor in domains
    except ValueError as error:
        raise Refused("not ASCII") from error

    def part(content: str) -> dict[str, str]:
        return {"Data": content, "Charset": "UTF-8"}

    try:
        sent = _client().send_email(
            FromEmailAddress=settings().mail_from,
            Destination={"ToAddresses": [address]},
            Content={
                "Simple": {
                    "Subject": part(subject),
                    "Body": {"Text": part(text), "Html": part(html)},
                }
            },
        )
    except ClientError as error:
        code = error.response["Error"]["Code"]  # its text may name the address
        if code in _FINAL:
            raise Refused(code) from error
        raise Unavailable(code) from error
    except BotoCoreError as error:
        raise Unavailable(type(error).__name__) from error
    return str(sent["MessageId"])


@functools.cache
def _client() -> Any:
    import boto3  # noqa: PLC0415 slow to import, and only needed when there is mail
    from botocore.config import Config  # noqa: PLC0415

    return boto3.client(
        "sesv2",
        config=Config(
            connect_timeout=_TIMEOUT_SECONDS,
            read_timeout=_TIMEOUT_SECONDS,
            retries={"total_max_attempts": 1},  # the outbox repeats
        ),
    )
