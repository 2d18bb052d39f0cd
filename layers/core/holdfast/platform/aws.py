"""The two things every function needs from AWS before it can work: its secrets, and a database
token.

Signed here (Signature Version 4) rather than by botocore: importing its signer alone takes as long
as importing psycopg and all our modules together, and functions that only read would pay for it at
every cold start. The tests compare what is signed here with what botocore signs. Everything else
goes through boto3.

Source: AWS Signature Version 4 (IAM user guide); RDS IAM database authentication; Secrets Manager,
GetSecretValue and PutSecretValue; container credential provider (SDK reference guide).
"""

import hashlib
import hmac
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from holdfast.platform import errors

_TRUST_STORE = "https://truststore.pki.rds.amazonaws.com"
_ALGORITHM = "AWS4-HMAC-SHA256"
_TIMEOUT_SECONDS = 3
_ATTEMPTS = 2  # a secret is read once in the life of an environment: one failure must not end it
_TOKEN_SECONDS = 900  # what RDS grants: a token opens connections that long, and they stay open
_TOO_MANY_REQUESTS = 429


class Refused(Exception):
    """AWS refuses a call for good: no permission, no such secret. A fault of the deployment."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of the function's role, valid for hours at most."""

    key_id: str
    secret: str
    token: str

    def __repr__(self) -> str:
        """No values: a traceback must not show them."""
        return "Credentials(…)"


def credentials(environment: Mapping[str, str]) -> Credentials:
    """The function's own credentials, never kept, because AWS renews them.

    Lambda puts them into the environment, but for functions restored from a snapshot, which ask a
    server on this machine.

    Raises:
        Unavailable: that server does not answer.
        KeyError: there are none; names the variable that is missing.
    """
    address = environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if "AWS_ACCESS_KEY_ID" in environment or not address:
        return Credentials(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            environment.get("AWS_SESSION_TOKEN", ""),
        )
    proof = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    request = urllib.request.Request(address, headers={"Authorization": proof})  # noqa: S310 Lambda's
    found = _send(request)
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found.get("Token", ""))


def database_token(
    environment: Mapping[str, str], host: str, port: int, user: str, at: datetime | None = None
) -> str:
    """A password for a PostgreSQL user with rds_iam, made locally.

    Args:
        host: of the cluster or proxy, as the connection names it.
        at: from when it is valid, for 15 minutes; None is now.
    """
    who, scope = credentials(environment), _Scope("rds-db", environment["AWS_REGION"], at)
    server = f"{host}:{port}"
    query = {
        "Action": "connect",
        "DBUser": user,
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{who.key_id}/{scope.text}",
        "X-Amz-Date": scope.instant,
        "X-Amz-Expires": str(_TOKEN_SECONDS),
        "X-Amz-SignedHeaders": "host",
        **({"X-Amz-Security-Token": who.token} if who.token else {}),
    }
    asked = urlencode(sorted(query.items()), quote_via=quote, safe="-_.~")
    signature = scope.sign(who, "GET", asked, {"host": server}, b"")
    return f"{server}/?{asked}&X-Amz-Signature={signature}"


def secret(environment: Mapping[str, str], name: str) -> str:
    """The current text of a secret, by ARN or name.

    Raises:
        Unavailable: Secrets Manager does not answer in time.
        Refused: it does not give the secret out.
    """
    return str(_secrets_manager(environment, "GetSecretValue", {"SecretId": name})["SecretString"])


def put_secret(environment: Mapping[str, str], name: str, text: str) -> None:
    """Replace the text of a secret.

    Raises:
        Unavailable: Secrets Manager does not answer in time; the secret may have changed.
        Refused: it does not take the secret.
    """
    token = str(uuid.uuid4())  # makes a second attempt the same as the first
    body = {"SecretId": name, "SecretString": text, "ClientRequestToken": token}
    _secrets_manager(environment, "PutSecretValue", body)


def _secrets_manager(
    environment: Mapping[str, str], operation: str, body: Mapping[str, str]
) -> dict[str, Any]:
    region = environment["AWS_REGION"]
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    address = environment.get(
        "AWS_ENDPOINT_URL_SECRETS_MANAGER", f"https://secretsmanager.{region}.{suffix}"
    )
    data = json.dumps(body).encode()
    for attempt in range(1, _ATTEMPTS + 1):
        who, scope = credentials(environment), _Scope("secretsmanager", region)
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": urlsplit(address).netloc,
            "x-amz-date": scope.instant,
            **({"x-amz-security-token": who.token} if who.token else {}),
            "x-amz-target": f"secretsmanager.{operation}",
        }
        signature = scope.sign(who, "POST", "", headers, data)
        headers["authorization"] = (
            f"{_ALGORITHM} Credential={who.key_id}/{scope.text}, "
            f"SignedHeaders={';'.join(headers)}, Signature={signature}"
        )
        request = urllib.request.Request(f"{address}/", data, headers)  # noqa: S310 AWS or a test
        try:
            return _send(request)
        except errors.Unavailable:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def root_certificates(region: str) -> str:
    """The certificates that RDS signs its own servers' with in that region, as PEM.

    They are in no public list, and are renewed now and then. Amazon publishes them over HTTPS, with
    a certificate that is in the public lists.

    Raises:
        Unavailable: they cannot be fetched now.
        Refused: there are none for that region.
    """
    address = f"{_TRUST_STORE}/{region}/{region}-bundle.pem"
    return _read(urllib.request.Request(address)).decode()  # noqa: S310 a fixed server


def _send(request: urllib.request.Request) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_read(request))
    return answer


def _read(request: urllib.request.Request) -> bytes:
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
            body: bytes = response.read()
            return body
    except urllib.error.HTTPError as error:
        kind = _kind(error)
        if error.code >= 500 or error.code == _TOO_MANY_REQUESTS or "Throttling" in kind:
            raise errors.Unavailable from error
        raise Refused(f"AWS answered {error.code} {kind}") from error
    except OSError as error:  # refused, timed out, no address: URLError is one
        raise errors.Unavailable from error


def _kind(error: urllib.error.HTTPError) -> str:
    """What AWS calls the error; its message may quote what was sent."""
    try:
        return str(json.loads(error.read()).get("__type", "")).rpartition("#")[2]
    except (ValueError, AttributeError, OSError):
        return ""


class _Scope:
    """What a signature is valid for: one service, one region, one day; `instant` is when."""

    def __init__(self, service: str, region: str, at: datetime | None = None) -> None:
        self.instant = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
        self.text = f"{self.instant[:8]}/{region}/{service}/aws4_request"

    def sign(
        self, who: Credentials, method: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> str:
        """The signature of a request for `/`; names of headers in lower case, sorted."""
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        digest = hashlib.sha256(body).hexdigest()
        request = f"{method}\n/\n{query}\n{lines}\n{';'.join(headers)}\n{digest}"
        hashed = hashlib.sha256(request.encode()).hexdigest()
        key = f"AWS4{who.secret}".encode()
        for part in self.text.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signed = f"{_ALGORITHM}\n{self.instant}\n{self.text}\n{hashed}"
        return hmac.digest(key, signed.encode(), "sha256").hex()
