"""Settings: straight from the environment, or from the extension that serves secrets."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import pytest

from holdfast import settings as module
from holdfast.settings import Settings

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:holdfast/x y&z"


@dataclass
class Extension:
    """The AWS Parameters and Secrets extension, as a function meets it on localhost."""

    secrets: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch) -> Iterator[Extension]:
    serving = Extension()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Serve a secret to whoever shows the session's token."""
            parts = urlsplit(self.path)
            name = parse_qs(parts.query)["secretId"][0]
            serving.asked.append(name)
            allowed = self.headers["X-Aws-Parameters-Secrets-Token"] == "session-token"
            known = parts.path == "/secretsmanager/get" and name in serving.secrets
            self.send_response(200 if allowed and known else 400)
            self.end_headers()
            if allowed and known:
                text = json.dumps(serving.secrets[name])
                self.wfile.write(json.dumps({"SecretString": text}).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}/secretsmanager/get?secretId="
    monkeypatch.setattr(module, "_EXTENSION", address)
    yield serving
    server.shutdown()
    server.server_close()
    thread.join()


def _settings(**environment: str) -> Settings:
    return Settings({"AWS_SESSION_TOKEN": "session-token"} | environment)


def test_a_value_in_the_environment_is_taken_as_it_is(extension: Extension) -> None:
    """The local stack gives values themselves; nobody is asked."""
    settings = _settings(
        DATABASE_URL="postgresql://a@b/c",
        STRIPE_API_KEY="sk_test_x",
        STRIPE_WEBHOOK_SECRETS="whsec_a",
        BOOKING_SECRET_KEY="00ff",
    )

    assert settings.database_url == "postgresql://a@b/c"
    assert settings.stripe_api_key == "sk_test_x"
    assert settings.stripe_webhook_secrets == ("whsec_a",)
    assert settings.booking_secret_key == b"\x00\xff"
    assert extension.asked == []


def test_a_secret_is_asked_for_once(extension: Extension) -> None:
    """By its ARN, whatever characters are in it; then it is kept."""
    extension.secrets[ARN] = {"api_key": "sk_test_y"}
    settings = _settings(STRIPE_SECRET_ARN=ARN)

    assert [settings.stripe_api_key, settings.stripe_api_key] == ["sk_test_y"] * 2
    assert extension.asked == [ARN]


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        ({"url": "postgresql://owner:pw@db.example:5432/holdfast?sslmode=require"},
         "postgresql://holdfast_checkout:@db.example:5432/holdfast?sslmode=require"),
        ({"url": "postgresql://db.example/holdfast",
          "passwords": {"holdfast_checkout": "p@ss/word:1"}},
         "postgresql://holdfast_checkout:p%40ss%2Fword%3A1@db.example/holdfast"),
        ({"url": "postgresql://owner:p%40w@db.example/holdfast", "passwords": {"other": "x"}},
         "postgresql://holdfast_checkout:@db.example/holdfast"),
    ],
)  # fmt: skip
def test_each_function_connects_as_its_own_role(
    extension: Extension, secret: dict[str, object], expected: str
) -> None:
    """The secret's user is the schema's owner: a function never connects as that.

    Cases: P-7
    """
    extension.secrets["db"] = secret
    settings = _settings(DATABASE_SECRET_ARN="db", DATABASE_ROLE="holdfast_checkout")

    assert settings.database_url == expected


def test_the_migrating_function_connects_as_the_owner(extension: Extension) -> None:
    """Without a role of its own: the secret's address as it is."""
    extension.secrets["db"] = {"url": "postgresql://owner:pw@db.example/holdfast"}
    settings = _settings(DATABASE_SECRET_ARN="db", DATABASE_ROLE="")

    assert settings.database_url == "postgresql://owner:pw@db.example/holdfast"


def test_signing_secrets_are_a_list(extension: Extension) -> None:
    """Newest first, white space and empty parts aside."""
    extension.secrets["wh"] = {"signing_secrets": " whsec_new, whsec_old,,"}
    settings = _settings(STRIPE_WEBHOOK_SECRET_ARN="wh")

    assert settings.stripe_webhook_secrets == ("whsec_new", "whsec_old")


def test_the_booking_key_is_bytes_in_hex(extension: Extension) -> None:
    """What is no hex is an error, not a weak key."""
    extension.secrets["good"] = {"key": "0a" * 32}
    extension.secrets["bad"] = {"key": "secret"}

    assert _settings(BOOKING_SECRET_ARN="good").booking_secret_key == b"\x0a" * 32
    with pytest.raises(ValueError, match="hex"):
        _ = _settings(BOOKING_SECRET_ARN="bad").booking_secret_key


@pytest.mark.parametrize("token", ["stolen", ""])
def test_a_secret_that_is_not_served_is_an_error(extension: Extension, token: str) -> None:
    """A wrong token, an unknown name: the function does not start with half its settings."""
    extension.secrets["db"] = {"url": "postgresql://x/y"}
    with pytest.raises(HTTPError):
        _ = _settings(
            DATABASE_SECRET_ARN="db", DATABASE_ROLE="", AWS_SESSION_TOKEN=token
        ).database_url
    with pytest.raises(HTTPError):
        _ = _settings(DATABASE_SECRET_ARN="unknown", DATABASE_ROLE="").database_url


@pytest.mark.parametrize(
    ("read", "variable"),
    [
        (lambda s: s.database_url, "DATABASE_SECRET_ARN"),
        (lambda s: s.stripe_api_key, "STRIPE_SECRET_ARN"),
        (lambda s: s.stripe_webhook_secrets, "STRIPE_WEBHOOK_SECRET_ARN"),
        (lambda s: s.booking_secret_key, "BOOKING_SECRET_ARN"),
        (lambda s: s.idempotency_table, "IDEMPOTENCY_TABLE"),
        (lambda s: s.sql_dir, "SQL_DIR"),
    ],
)
def test_what_is_missing_is_named(read: Callable[[Settings], object], variable: str) -> None:
    """A variable that a function needs and does not have is in the error."""
    with pytest.raises(KeyError, match=variable):
        read(_settings())


@pytest.mark.parametrize(
    ("value", "live"),
    [("true", True), ("false", False), ("TRUE", False), ("1", False), ("", False)],
)
def test_live_mode_has_to_be_said_exactly(value: str, live: bool) -> None:
    """Only "true" takes live events; the template allows nothing but true and false."""
    assert _settings(LIVEMODE=value).livemode is live
    assert _settings().livemode is False
