"""How functions connect: to a server that proves its name, and again after a change behind it."""

import os
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from holdfast.migrations import logins
from holdfast.platform import certificates, database, settings
from holdfast.platform.certificates import verified
from holdfast.platform.errors import Unavailable
from tests.harness.database import managed
from tests.harness.database.managed import PREFIX, settings_of
from tests.harness.servers import tls
from tests.harness.servers.secrets_manager import SecretsManager

pytestmark = pytest.mark.xdist_group("managed")

ROLE = "holdfast_health"


@pytest.fixture
def function(
    secrets: SecretsManager, provided: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """An execution environment of the health function: its variables, no connection yet."""
    for name in ("DATABASE_URL", "DATABASE_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings_of(secrets, ROLE).environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "HealthFunction")
    settings.settings.cache_clear()
    yield
    database.disconnect()
    settings.settings.cache_clear()


def sessions(service: managed.Service) -> list[Any]:
    """The sessions of the function's role: backend and application."""
    with service.superuser() as connection:
        return connection.execute(
            "select pid, application_name from pg_stat_activity where usename = %s", (ROLE,)
        ).fetchall()


def test_a_function_calls_over_tls(service: managed.Service, function: None) -> None:
    """One connection, kept, named after the function."""
    database.call("health")
    first = sessions(service)
    database.call("health")

    assert sessions(service) == first
    assert [application for _, application in first] == ["HealthFunction"]


def test_a_session_consists_of_calls_alone(service: managed.Service, function: None) -> None:
    """Nothing is set, prepared or begun, when connecting or later: a proxy has nothing to pin."""
    with service.superuser() as provider:
        provider.execute(f"alter role {ROLE} set log_statement = 'all'")
        try:
            database.call("health")
            database.call("health")
            ((backend, _),) = sessions(service)
        finally:
            provider.execute(f"alter role {ROLE} reset log_statement")
    written = service.server.log.read_text(encoding="utf-8").splitlines()
    said = [line.partition("LOG:  ")[2] for line in written if f"[{backend}]" in line]

    assert len(said) == 2
    assert {re.sub(r"/\*.*\*/", "", line).strip() for line in said} <= {
        "statement: select api.health()",
        "execute <unnamed>: select api.health()",
    }


def test_the_right_server_is_let_in(service: managed.Service) -> None:
    """Its name is in its certificate, which the trusted authority signed."""
    with psycopg.connect(verified(service.url(), service.authority.pem)) as connection:
        assert connection.pgconn.ssl_in_use


@pytest.mark.parametrize("name", ["Test authority", "Other authority"])
def test_another_authority_is_refused(service: managed.Service, name: str) -> None:
    """The right name, but signed by an untrusted authority, even one of the same name.

    Proves: ASVS 12.3.2, 12.3.4
    """
    refusal = r"SSL error: .*(certificate verify failed|signature failure)"
    with pytest.raises(psycopg.OperationalError, match=refusal):
        psycopg.connect(verified(service.url(), tls.Authority(name).pem))


def test_an_unknown_authority_is_refused(service: managed.Service) -> None:
    """Without a "ca" in the secret only the public ones are trusted."""
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(verified(service.url()))


def test_another_name_is_refused(service: managed.Service) -> None:
    """A certificate that the authority gave to another server is no proof.

    Proves: ASVS 12.3.2
    """
    url = service.url(host="db2.managed.example")
    with pytest.raises(psycopg.OperationalError, match=r"does not match host name"):
        psycopg.connect(verified(url, service.authority.pem))


def test_a_server_without_tls_is_refused(service: managed.Service) -> None:
    """The password is never sent in the clear, even if the address would allow it.

    Proves: ASVS 12.3.1
    """
    url = service.url().replace(f":{service.port}/", f":{service.server.port}/")
    with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
        psycopg.connect(verified(url + "&sslmode=prefer", service.authority.pem))


def test_without_the_rule_an_impostor_is_let_in(
    service: managed.Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the refusals above: what providers' addresses ask for checks no certificate."""
    url = service.url(host="db2.managed.example") + "&sslmode=require"

    with psycopg.connect(url) as connection:
        assert connection.pgconn.ssl_in_use


def test_a_new_password_is_learnt_by_living_environments(
    service: managed.Service, secrets: SecretsManager, function: None
) -> None:
    """A password changes while environments live: their next connection reads the secret again."""
    database.call("health")
    secrets.client.put_secret_value(SecretId=PREFIX + ROLE, SecretString="{}")
    assert logins.provide(settings_of(secrets)) == (ROLE,)
    cut(service)

    assert database.call("health")["schema_version"]


def test_a_wrong_password_is_unavailable(
    service: managed.Service, secrets: SecretsManager, function: None
) -> None:
    """Tried once more with the secret read again, then 503 without details."""
    good = secrets.text(PREFIX + ROLE)
    bad = good.replace(f"{ROLE}:", f"{ROLE}:x")
    secrets.client.put_secret_value(SecretId=PREFIX + ROLE, SecretString=bad)
    try:
        with pytest.raises(Unavailable):
            database.call("health")
    finally:
        secrets.client.put_secret_value(SecretId=PREFIX + ROLE, SecretString=good)

    assert database.call("health")


def test_after_a_failover_the_standby_is_left(service: managed.Service, function: None) -> None:
    """A server that has become read-only is left at once, for the one that now has its name."""
    with service.superuser() as provider:
        provider.execute(
            "create function api.write_something() returns boolean language plpgsql"
            " security definer set search_path = ''"
            " as 'begin create table public.written (); drop table public.written; return true;"
            " end'"
        )
        provider.execute(f"grant execute on function api.write_something() to {ROLE}")
        provider.execute(f"alter role {ROLE} set default_transaction_read_only = on")
        try:
            database.call("health")  # connected while the server takes no writes
            (before,) = sessions(service)
            with pytest.raises(Unavailable):
                database.call("write_something")
            provider.execute(f"alter role {ROLE} reset default_transaction_read_only")

            assert database.call("write_something") is True
            assert sessions(service) != [before]
        finally:
            provider.execute(f"alter role {ROLE} reset default_transaction_read_only")
            provider.execute("drop function api.write_something()")


def test_certificates_of_a_secret_are_written_once(
    service: managed.Service, function: None
) -> None:
    """Connecting again and again leaves one file, which is the environment's own."""
    urls = [settings.settings().database_url for _ in range(3)]
    file = certificates._stored(service.authority.pem)

    assert len(set(urls)) == 1
    assert os.path.basename(file) in urls[0]  # noqa: PTH119 the name alone needs no escaping


def cut(service: managed.Service) -> None:
    """End the sessions of the function's role, as a restart of the server does."""
    with service.superuser() as provider:
        provider.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = %s",
            (ROLE,),
        )
