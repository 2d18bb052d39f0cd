"""What a client of DynamoDB sends, and what it does not spend time on."""

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from holdfast.platform import dynamodb


class _Raw:
    """The body of an answer that is empty JSON."""

    def stream(self) -> list[bytes]:
        return [b"{}"]


def test_a_request_has_one_short_name_and_is_not_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never changes is not composed, and what we have written ourselves not checked again."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    client = dynamodb.client(connect_timeout=1, read_timeout=2, attempts=1)
    sent: list[Any] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, {}, _Raw())

    client.meta.events.register("before-send.dynamodb", answer)
    client.get_item(TableName="t")  # without its key, which botocore would look for

    (name,) = [request.headers["User-Agent"] for request in sent]
    assert name.startswith(b"holdfast")
    assert b"os/" not in name  # the first of what botocore would have asked this machine for
    assert sent[0].body == b'{"TableName": "t"}'
