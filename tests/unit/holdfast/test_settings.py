"""Settings: straight from the environment, or from Secrets Manager."""

import json
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import psycopg.conninfo
import pytest

from holdfast.platform import aws
from holdfast.platform.settings import FIRST_CELL, Settings
from tests.harness.servers import secrets_manager
from tests.harness.servers.secrets_manager import SecretsManager

PROXY = "holdfast-dev.proxy-c0ffee.us-east-1.rds.amazonaws.com"


@pytest.fixture(scope="module")
def manager() -> Iterator[SecretsManager]:
    with secrets_manager.running() as running:
        yield running


def _settings(manager: SecretsManager | None = None, **environment: str) -> Settings:
    return Settings((manager.environment if manager else {}) | environment)


def test_a_value_in_the_environment_is_taken_as_it_is() -> None:
    """The local stack gives values themselves, so Secrets Manager is not called."""
    settings = _settings(
        DATABASE_URL="postgresql://a@b/c",
        STRIPE_API_KEY="sk_test_x",
        STRIPE_WEBHOOK_SECRETS="whsec_a",
        BOOKING_SECRET_KEY="00ff",
    )

    assert settings.database_url == "postgresql://a@b/c"
    assert settings.stripe_api_key == "sk_test_x"
    assert settings.stripe_webhook_secrets == ("whsec_a",)
    assert settings.booking_secret_keys == {"1": b"\x00\xff"}


def test_a_secret_is_asked_for_once(manager: SecretsManager) -> None:
    """By its ARN; then it is kept as long as the environment."""
    arn = manager.create("settings/stripe", json.dumps({"api_key": "sk_test_y"}))
    settings = _settings(manager, STRIPE_SECRET_ARN=arn)
    first = settings.stripe_api_key
    manager.client.put_secret_value(SecretId=arn, SecretString=json.dumps({"api_key": "other"}))

    assert [first, settings.stripe_api_key] == ["sk_test_y"] * 2


def test_each_function_has_its_own_login(manager: SecretsManager) -> None:
    """Its secret contains its role's address, and the server must prove its name.

    Cases: P-7
    """
    url = "postgresql://holdfast_checkout:p%40ss@db.example:5432/holdfast?sslmode=require"
    manager.create("settings/login", json.dumps({"url": url}))
    settings = _settings(
        manager, DATABASE_SECRET_ARN="settings/login", DATABASE_ROLE="holdfast_checkout"
    )

    found = psycopg.conninfo.conninfo_to_dict(settings.database_url)

    assert (found["user"], found["password"]) == ("holdfast_checkout", "p@ss")
    assert (found["host"], found["sslmode"]) == ("db.example", "verify-full")


@pytest.mark.parametrize(
    "text",
    [
        '{"url": "postgresql://owner:pw@db.example/holdfast"}',
        '{"url": "postgresql://holdfast_webhook:pw@db.example/holdfast"}',
        '{"username": "owner", "password": "pw"}',
        "a7Fq0random",
    ],
)
def test_a_function_logs_in_only_as_itself(manager: SecretsManager, text: str) -> None:
    """The owner's secret, another function's or an empty one: no connection, no password shown.

    Cases: P-7
    """
    arn = manager.create(f"settings/wrong/{uuid4()}", text)
    settings = _settings(manager, DATABASE_SECRET_ARN=arn, DATABASE_ROLE="holdfast_checkout")

    with pytest.raises(ValueError, match="holdfast_checkout") as refused:
        _ = settings.database_url

    assert "pw" not in str(refused.value)


def test_a_changed_login_is_read_again(manager: SecretsManager) -> None:
    """Once the old one failed; nothing else is forgotten."""
    old, new = (f"postgresql://holdfast_health:{word}@db.example/x" for word in ("old", "new"))
    arn = manager.create("settings/changed", json.dumps({"url": old}))
    settings = _settings(manager, DATABASE_SECRET_ARN=arn, DATABASE_ROLE="holdfast_health")
    assert settings.database_url.startswith(old)
    manager.client.put_secret_value(SecretId=arn, SecretString=json.dumps({"url": new}))
    assert settings.database_url.startswith(old)

    settings.forget_database()

    assert settings.database_url.startswith(new)


def test_the_migrating_function_connects_as_the_owner(manager: SecretsManager) -> None:
    """Without a role of its own: the secret's address, with its user."""
    manager.create(
        "settings/owner", json.dumps({"url": "postgresql://owner:pw@127.0.0.1/holdfast"})
    )
    settings = _settings(manager, DATABASE_SECRET_ARN="settings/owner", DATABASE_ROLE="")

    assert settings.database_url == "postgresql://owner:pw@127.0.0.1/holdfast"


def test_a_created_database_is_entered_with_a_token(manager: SecretsManager) -> None:
    """Of the function's own role, made again for each connection, and over TLS to the proxy.

    Cases: P-7
    """
    settings = _settings(
        manager, DATABASE_HOST=PROXY, DATABASE_NAME="holdfast", DATABASE_ROLE="holdfast_webhook"
    )

    found = psycopg.conninfo.conninfo_to_dict(settings.database_url)
    token = urlsplit("https://" + str(found["password"]))

    assert (found["host"], found["port"], found["dbname"]) == (PROXY, "5432", "holdfast")
    assert (found["user"], found["sslmode"]) == ("holdfast_webhook", "verify-full")
    assert token.netloc == f"{PROXY}:5432"
    assert "DBUser=holdfast_webhook&" in token.query


def test_readers_are_signed_in_to_as_the_writer_is(manager: SecretsManager) -> None:
    """At an address of their own; without one there are none."""
    values = {"DATABASE_HOST": PROXY, "DATABASE_NAME": "holdfast", "DATABASE_ROLE": "holdfast_x"}
    reader = "reader." + PROXY
    alone = _settings(manager, **values)
    both = _settings(manager, DATABASE_READER_HOST=reader, **values)

    found = psycopg.conninfo.conninfo_to_dict(both.database_at(FIRST_CELL, reads=True))

    assert (alone.has_readers(FIRST_CELL), both.has_readers(FIRST_CELL)) == (False, True)
    assert (found["host"], found["user"], found["sslmode"]) == (reader, "holdfast_x", "verify-full")
    assert urlsplit("https://" + str(found["password"])).netloc == f"{reader}:5432"
    assert f"@{PROXY}:" in both.database_at(FIRST_CELL, reads=False)
    assert not both.has_readers("2")
    with pytest.raises(KeyError):
        both.database_at("2", reads=False)


def test_the_owner_of_a_created_database_has_a_password(manager: SecretsManager) -> None:
    """RDS stores it, with any character in it, and changes it."""
    secret = {"username": "migrator", "password": "a%/?#@:[b"}
    manager.create("settings/rds", json.dumps(secret))
    settings = _settings(
        manager,
        DATABASE_HOST=PROXY,
        DATABASE_NAME="holdfast",
        DATABASE_ROLE="",
        DATABASE_SECRET_ARN="settings/rds",
    )

    parts = urlsplit(settings.database_url)

    assert (parts.username, unquote(parts.password or "")) == ("migrator", "a%/?#@:[b")
    assert (parts.hostname, parts.path) == (PROXY, "/holdfast")


def test_signing_secrets_are_a_list(manager: SecretsManager) -> None:
    """Newest first, without white space and empty parts."""
    manager.create("settings/wh", json.dumps({"signing_secrets": " whsec_new, whsec_old,,"}))
    settings = _settings(manager, STRIPE_WEBHOOK_SECRET_ARN="settings/wh")

    assert settings.stripe_webhook_secrets == ("whsec_new", "whsec_old")


def test_the_booking_key_is_bytes_in_hex(manager: SecretsManager) -> None:
    """Anything but hex is an error, not a weak key.

    Proves: ASVS 11.2.3
    """
    manager.create("settings/good", json.dumps({"key": "0a" * 32}))
    manager.create("settings/bad", json.dumps({"key": "secret"}))

    good = _settings(manager, BOOKING_SECRET_ARN="settings/good")
    assert good.booking_secret_keys == {"1": b"\x0a" * 32}
    with pytest.raises(ValueError, match="hex"):
        _ = _settings(manager, BOOKING_SECRET_ARN="settings/bad").booking_secret_keys


@pytest.mark.parametrize(
    ("listed", "keys"),
    [
        ("0a0b", {"1": "0a0b"}),
        ("2:0a,1:0b", {"2": "0a", "1": "0b"}),
        (" 2026-11:0a , 0b ", {"2026-11": "0a", "1": "0b"}),
    ],
)
def test_booking_keys_have_ids_the_newest_first(listed: str, keys: dict[str, str]) -> None:
    """One without an id is the first there was."""
    settings = _settings(BOOKING_SECRET_KEY=listed)

    assert list(settings.booking_secret_keys.items()) == [
        (key_id, bytes.fromhex(key)) for key_id, key in keys.items()
    ]


@pytest.mark.parametrize(
    "listed", ["2:0a,2:0b", "0a,0b", "1:0a,0b", "2:0a,", "2:", ":0a", "a b:0a", "2:0a0", "x"]
)
def test_booking_keys_that_are_malformed_are_an_error(listed: str) -> None:
    """The error quotes nothing of them."""
    with pytest.raises(ValueError, match="each id once") as caught:
        _ = _settings(BOOKING_SECRET_KEY=listed).booking_secret_keys

    assert "0a" not in str(caught.value)


def test_a_secret_that_is_not_served_is_an_error(manager: SecretsManager) -> None:
    """An unknown name: the function does not start with half its settings."""
    with pytest.raises(aws.Refused):
        _ = _settings(manager, DATABASE_SECRET_ARN="unknown", DATABASE_ROLE="").database_url


@pytest.mark.parametrize(
    ("read", "variable"),
    [
        (lambda s: s.database_url, "DATABASE_ROLE"),
        (lambda s: s.stripe_api_key, "STRIPE_SECRET_ARN"),
        (lambda s: s.stripe_webhook_secrets, "STRIPE_WEBHOOK_SECRET_ARN"),
        (lambda s: s.booking_secret_keys, "BOOKING_SECRET_ARN"),
        (lambda s: s.idempotency_table, "IDEMPOTENCY_TABLE"),
        (lambda s: s.sql_dir, "SQL_DIR"),
    ],
)
def test_what_is_missing_is_named(read: Callable[[Settings], object], variable: str) -> None:
    """The error names a variable that a function needs and does not have."""
    with pytest.raises(KeyError, match=variable):
        read(_settings())


@pytest.mark.parametrize(
    ("value", "live"),
    [("true", True), ("false", False), ("TRUE", False), ("1", False), ("", False)],
)
def test_live_mode_has_to_be_said_exactly(value: str, live: bool) -> None:
    """Only "true" accepts live events; the template allows nothing but true and false."""
    assert _settings(LIVEMODE=value).livemode is live
    assert _settings().livemode is False
