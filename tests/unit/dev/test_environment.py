"""A function gets the secrets it declares, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from dev.stack import secrets
from dev.stack.environment import environment

from .conftest import Toy

SECRETS = {"STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRETS", "BOOKING_SECRET_KEY", "DATABASE_URL"}


def test_nothing_declared_nothing_given(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the stack's secrets nor our own environment reach a function by default."""
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_mine")
    monkeypatch.setenv("DATABASE_URL", "postgresql://mine")

    given = environment(toy.add("plain", ""), toy.backends())

    assert not SECRETS & given.keys()
    assert "AWS_ACCESS_KEY_ID" not in given


@pytest.mark.parametrize(
    ("declared", "name", "value"),
    [
        (
            {"DATABASE_SECRET_ARN": "a", "DATABASE_ROLE": "holdfast_x"},
            "DATABASE_URL",
            "postgresql://holdfast_x@127.0.0.1:5/holdfast",
        ),
        (
            {"DATABASE_SECRET_ARN": "a", "DATABASE_ROLE": ""},
            "DATABASE_URL",
            "postgresql://postgres@127.0.0.1:5/holdfast",
        ),
        ({"STRIPE_SECRET_ARN": "a"}, "STRIPE_API_BASE", "http://127.0.0.1:7"),
        ({"IDEMPOTENCY_TABLE": "T"}, "AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:6"),
    ],
)
def test_what_is_declared_is_given(
    toy: Toy, declared: dict[str, str], name: str, value: str
) -> None:
    """Each declaration brings its value, and the declaration itself stays."""
    given = environment(toy.add("plain", "", declared=declared), toy.backends())

    assert given[name] == value
    assert declared.items() <= given.items()


def test_each_secret_comes_alone(toy: Toy) -> None:
    """The webhook has the signing secret and no API key."""
    backends = toy.backends()
    given = environment(
        toy.add("webhook", "", declared={"STRIPE_WEBHOOK_SECRET_ARN": "a"}), backends
    )

    assert given["STRIPE_WEBHOOK_SECRETS"] == backends.secrets.webhook_secret
    assert SECRETS & given.keys() == {"STRIPE_WEBHOOK_SECRETS"}


def test_sql_is_read_from_the_checkout(toy: Toy) -> None:
    """SQL_DIR is a layer in the cloud and a folder here."""
    given = environment(toy.add("migrate", "", declared={"SQL_DIR": "/opt"}), toy.backends())

    assert given["SQL_DIR"] == str(toy.root / "sql")


def test_passwords_are_not_written_down(toy: Toy) -> None:
    """In the cloud migrate writes the roles' passwords into secrets; here there are neither."""
    given = environment(
        toy.add("migrate", "", declared={"DATABASE_LOGIN_SECRETS": "holdfast/"}), toy.backends()
    )

    assert "DATABASE_LOGIN_SECRETS" not in given


def test_stripe_itself_has_no_other_address(toy: Toy) -> None:
    """Without the double, the SDK's own address is used."""
    given = environment(
        toy.add("f", "", declared={"STRIPE_SECRET_ARN": "a"}), replace(toy.backends(), stripe=None)
    )

    assert "STRIPE_API_KEY" in given
    assert "STRIPE_API_BASE" not in given


def test_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    """They look like the real ones, survive a restart, and only their owner can read them."""
    file = tmp_path / "secrets.json"

    made = secrets.load(file)

    assert secrets.load(file) == made
    assert file.stat().st_mode & 0o777 == 0o600
    assert made.publishable_key.startswith(f"pk_test_{secrets.DEMO_TENANT.hex}_")
    assert made.secret_key.startswith(f"sk_test_{secrets.DEMO_TENANT.hex}_")
    assert made.webhook_secret.startswith("whsec_")
    assert len(bytes.fromhex(made.booking_key)) == 32
    assert made.secret_key not in repr(made)


def test_real_test_keys_replace_the_double(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both the key and the signing secret are needed, and a live key is refused."""
    made = secrets.load(tmp_path / "secrets.json")
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET", raising=False)
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_real")
    assert secrets.with_real_stripe(made) is None

    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_real")
    real = secrets.with_real_stripe(made)
    assert real is not None
    assert (real.stripe_api_key, real.webhook_secret) == ("sk_test_real", "whsec_real")

    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_real")
    with pytest.raises(secrets.LiveKeyError):
        secrets.with_real_stripe(made)
