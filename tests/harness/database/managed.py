"""PostgreSQL as a managed service provides it: TLS, passwords, an owner who is no superuser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import psycopg

from dev.programs.postgres import Postgres
from holdfast.platform.settings import Settings
from tests.harness.database import cluster
from tests.harness.servers import tls
from tests.harness.servers.secrets_manager import SecretsManager

HOST = "db.managed.example"  # its certificate's; connections are led to loopback
NAME = "holdfast"
OWNER = "admin"
OWNER_SECRET = "managed/database"  # what the user brings
PREFIX = "managed/4711/"  # of the roles' own secrets
_PASSWORD = "p@ss/word: of%20the owner?"  # everything a URL has to escape

# RDS gives its master user these and no more; Cloud SQL, Azure and others do the same.
_ACCOUNTS = f"""
create role {OWNER} login createrole password '{_PASSWORD}';
create database {NAME} owner {OWNER};
create role rds_iam nologin;
grant rds_iam to {OWNER} with admin option;
"""
_HBA = """
host all postgres 127.0.0.1/32 trust
host all all      127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class Service:
    """A server of its own: a database that belongs to an ordinary user, behind TLS."""

    server: Postgres
    port: int  # where it offers TLS
    authority: tls.Authority

    def url(self, user: str = OWNER, password: str = _PASSWORD, *, host: str = HOST) -> str:
        """Its address for clients; it includes libpq's setting for the host's real address."""
        login = f"{user}:{quote(password, safe='')}"
        return f"postgresql://{login}@{host}:{self.port}/{NAME}?hostaddr=127.0.0.1"

    def superuser(self) -> psycopg.Connection[tuple[object, ...]]:
        """The provider's own connection, to look and to prepare; it commits each statement."""
        return psycopg.connect(self.server.url(NAME), autocommit=True)


@contextmanager
def service() -> Iterator[Service]:
    """Start one; it ends with the block."""
    authority = tls.Authority()
    with cluster.own_server_folder() as data:
        # as in the parameter group of infra/database.yaml
        server = Postgres(data, durable=False, settings={"log_statement": "ddl"})
        with psycopg.connect(server.start(), autocommit=True) as connection:
            for statement in filter(str.strip, _ACCOUNTS.split(";\n")):
                connection.execute(statement.encode())
            (data.resolve() / "pg_hba.conf").write_text(_HBA, encoding="utf-8")
            connection.execute("select pg_reload_conf()")
        assert server.port is not None
        with tls.front(server.port, authority.server(HOST)) as port:
            yield Service(server, port, authority)


def settings_of(secrets: SecretsManager, role: str = "", **environment: str) -> Settings:
    """The settings of a function of that role; "" is the migrating one."""
    return Settings(
        {
            **secrets.environment,
            "DATABASE_ROLE": role,
            "DATABASE_SECRET_ARN": PREFIX + role if role else OWNER_SECRET,
            **({} if role else {"DATABASE_LOGIN_SECRETS": PREFIX}),
        }
        | environment
    )
