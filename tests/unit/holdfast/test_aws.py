"""Our requests are signed as botocore would sign them, and AWS accepts them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from holdfast.platform import aws
from holdfast.platform.errors import Unavailable
from tests.harness.servers import secrets_manager
from tests.harness.servers.answering import answering
from tests.harness.servers.secrets_manager import SecretsManager

ENVIRONMENT = {
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "s3cr3t/with+signs",
    "AWS_SESSION_TOKEN": "IQoJb3//Jp==+token",
}
HOST = "holdfast-prod.proxy-abc.eu-central-1.rds.amazonaws.com"


@pytest.fixture(scope="module")
def manager() -> Iterator[SecretsManager]:
    with secrets_manager.running() as running:
        yield running


def amazons_token(environment: dict[str, str], user: str) -> str:
    """The token that Amazon's own client makes."""
    session = botocore.session.Session()
    session.set_credentials(
        environment["AWS_ACCESS_KEY_ID"],
        environment["AWS_SECRET_ACCESS_KEY"],
        environment.get("AWS_SESSION_TOKEN"),
    )
    client = session.create_client("rds", region_name=environment["AWS_REGION"])
    token: str = client.generate_db_auth_token(HOST, 5432, user)
    return token


def parts(token: str) -> tuple[str, str, dict[str, list[str]]]:
    address = urlsplit(f"https://{token}")
    return address.netloc, address.path, parse_qs(address.query, strict_parsing=True)


@pytest.mark.parametrize("token", [ENVIRONMENT["AWS_SESSION_TOKEN"], None])
@pytest.mark.parametrize("user", ["holdfast_checkout", "odd name/ä&="])
def test_the_token_is_amazons(user: str, token: str | None) -> None:
    """Server, user, time, life and signature: all as botocore writes them."""
    environment = {k: v for k, v in ENVIRONMENT.items() if token or k != "AWS_SESSION_TOKEN"}
    theirs = parts(amazons_token(environment, user))
    at = datetime.strptime(theirs[2]["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    assert parts(aws.database_token(environment, HOST, 5432, user, at)) == theirs
    assert theirs[2]["X-Amz-Expires"] == ["900"]


def test_each_token_is_of_its_time() -> None:
    """A connection made later gets a token made later."""
    early = aws.database_token(ENVIRONMENT, HOST, 5432, "u", datetime(2026, 1, 1, tzinfo=UTC))
    late = aws.database_token(ENVIRONMENT, HOST, 5432, "u", datetime(2026, 1, 2, tzinfo=UTC))
    now = parts(aws.database_token(ENVIRONMENT, HOST, 5432, "u"))[2]["X-Amz-Date"][0]

    assert early != late
    assert abs(
        datetime.strptime(now, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) - datetime.now(UTC)
    ).seconds in range(60)


def test_a_call_is_signed_as_amazon_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Authorization header of a call, over every header and the body, is botocore's."""
    with answering((200, {"SecretString": "x"})) as server:
        environment = ENVIRONMENT | {"AWS_ENDPOINT_URL_SECRETS_MANAGER": server.url}
        aws.secret(environment, "holdfast/ä")
        ((path, sent, body),) = server.asked
    request = AWSRequest(
        "POST",
        f"{server.url}{path}",
        data=body,
        headers={name: sent[name] for name in ("content-type", "x-amz-target")},
    )
    at = datetime.strptime(sent["x-amz-date"], "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 as botocore has it
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: at)
    signer = SigV4Auth(
        Credentials(
            ENVIRONMENT["AWS_ACCESS_KEY_ID"],
            ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
            ENVIRONMENT["AWS_SESSION_TOKEN"],
        ),
        "secretsmanager",
        "eu-central-1",
    )

    signer.add_auth(request)

    assert sent["authorization"] == request.headers["Authorization"]
    assert sent["x-amz-security-token"] == ENVIRONMENT["AWS_SESSION_TOKEN"]
    assert json.loads(body) == {"SecretId": "holdfast/ä"}


def test_secrets_are_read_and_written(manager: SecretsManager) -> None:
    """We read what Amazon's client wrote, and it reads what we write; by name and by ARN."""
    arn = manager.create("aws/one", "first ä")

    assert aws.secret(manager.environment, "aws/one") == "first ä"
    aws.put_secret(manager.environment, arn, "second")
    assert manager.text("aws/one") == aws.secret(manager.environment, arn) == "second"


def test_writing_what_was_there_before_brings_it_back(manager: SecretsManager) -> None:
    """The second write is a change of its own, not a repetition of the first."""
    manager.create("aws/back", "a")
    for text in ("b", "a", "b"):
        aws.put_secret(manager.environment, "aws/back", text)

    assert manager.text("aws/back") == "b"


def test_a_secret_that_does_not_exist_is_refused(manager: SecretsManager) -> None:
    """The error has AWS's code, and nothing of what was sent."""
    with pytest.raises(aws.Refused, match="ResourceNotFoundException") as refused:
        aws.secret(manager.environment, "aws/none")

    assert "aws/none" not in str(refused.value)


@pytest.mark.parametrize(
    "first",
    [
        (500, b""),
        (503, {"__type": "InternalServiceError"}),
        (400, {"__type": "x#ThrottlingException"}),
        (429, b"?"),
    ],
)
def test_one_hiccup_is_survived(first: tuple[int, object]) -> None:
    """A secret is read once in an environment's life: the call is repeated unchanged."""
    with answering(first, (200, {"SecretString": "x"})) as server:
        environment = ENVIRONMENT | {"AWS_ENDPOINT_URL_SECRETS_MANAGER": server.url}

        assert aws.secret(environment, "s") == "x"
        assert len(server.asked) == 2


def test_a_write_that_is_repeated_is_the_same_write() -> None:
    """The second attempt carries the first one's token: AWS performs both once."""
    with answering((500, b""), (200, {})) as server:
        environment = ENVIRONMENT | {"AWS_ENDPOINT_URL_SECRETS_MANAGER": server.url}
        aws.put_secret(environment, "s", "text")

        first, second = (json.loads(body)["ClientRequestToken"] for _, _, body in server.asked)
        assert first == second


def test_aws_that_stays_away_is_unavailable() -> None:
    """No answer twice, or no connection: the client may try again later."""
    with answering((500, b""), (500, b"")) as server:
        url = server.url
        with pytest.raises(Unavailable):
            aws.secret(ENVIRONMENT | {"AWS_ENDPOINT_URL_SECRETS_MANAGER": url}, "s")
    with pytest.raises(Unavailable):
        aws.secret(ENVIRONMENT | {"AWS_ENDPOINT_URL_SECRETS_MANAGER": url}, "s")


def test_a_refusal_is_not_repeated() -> None:
    """What is not allowed now will not be allowed a moment later."""
    refusal: dict[str, Any] = {"__type": "AccessDeniedException", "Message": "User: arn:… is not"}
    with answering((400, refusal)) as server:
        environment = ENVIRONMENT | {"AWS_ENDPOINT_URL_SECRETS_MANAGER": server.url}
        with pytest.raises(aws.Refused, match="AccessDeniedException"):
            aws.secret(environment, "s")


def test_functions_from_a_snapshot_ask_for_their_credentials() -> None:
    """The environment has none; the given ones are used, and fetched each time."""
    given = {"AccessKeyId": "ASIA1", "SecretAccessKey": "s1", "Token": "t1"}
    renewed = {"AccessKeyId": "ASIA2", "SecretAccessKey": "s2", "Token": "t2"}
    with answering((200, given), (200, renewed)) as server:
        environment = {
            "AWS_REGION": "eu-central-1",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "proof",
        }
        at = datetime(2026, 1, 1, tzinfo=UTC)
        tokens = [aws.database_token(environment, HOST, 5432, "u", at) for _ in range(2)]
        asked = [(path, headers["authorization"]) for path, headers, _ in server.asked]

    assert asked == [("/credentials", "proof")] * 2
    assert tokens == [
        aws.database_token(
            {
                "AWS_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": each["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": each["SecretAccessKey"],
                "AWS_SESSION_TOKEN": each["Token"],
            },
            HOST, 5432, "u", at,
        )
        for each in (given, renewed)
    ]  # fmt: skip


def test_credentials_are_not_shown() -> None:
    """Not in a traceback either, which prints values.

    Proves: ASVS 16.2.5
    """
    assert "s3cr3t" not in repr(aws.credentials(ENVIRONMENT))


def test_without_credentials_the_missing_variable_is_named() -> None:
    """As with every other variable."""
    with pytest.raises(KeyError, match="AWS_ACCESS_KEY_ID"):
        aws.credentials({})


@pytest.mark.parametrize(
    ("region", "server"),
    [("eu-west-1", "secretsmanager.eu-west-1.amazonaws.com"), ("cn-north-1", "amazonaws.com.cn")],
)
def test_secrets_manager_is_the_regions_own(
    monkeypatch: pytest.MonkeyPatch, region: str, server: str
) -> None:
    """Over HTTPS, in the function's region; China's has another name.

    Proves: ASVS 12.3.1, 12.3.3
    """
    asked = []

    def open_(request: Any, timeout: float) -> Any:
        asked.append(request.full_url)
        raise OSError("no network here")

    monkeypatch.setattr("urllib.request.urlopen", open_)
    with pytest.raises(Unavailable):
        aws.secret(ENVIRONMENT | {"AWS_REGION": region}, "s")

    assert asked[0].startswith("https://secretsmanager.")
    assert asked[0].endswith(f"{server}/")
