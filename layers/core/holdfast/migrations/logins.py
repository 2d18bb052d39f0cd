"""How the functions' roles log in: by tokens of IAM, or by passwords that are never shown.

Created with the stack: the roles become members of RDS's role rds_iam. From then on the database
accepts IAM's tokens for them and no password.

Existing database: each role gets a random password, and a secret of its own with its whole address.
CloudFormation makes these secrets; only the migrating function may write them, and each function
may read its own. A login that works is left alone, so a deployment changes no password; emptying
its secret and migrating changes it.
"""

import json
import secrets
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from holdfast.platform import aws, certificates
from holdfast.platform.settings import Settings

_CONNECT_TIMEOUT_SECONDS = 5
_IAM = "rds_iam"  # RDS and Aurora have this role, no other server

# The roles that may use schema api of this database: those of grants.sql, and no other of like
# name.
_ROLES = """
select r.rolname, coalesce(pg_has_role(r.oid, to_regrole(%(iam)s)::oid, 'member'), false)
from pg_namespace as n, aclexplode(n.nspacl) as a
join pg_roles as r on r.oid = a.grantee
where n.nspname = 'api' and a.privilege_type = 'USAGE' and r.rolcanlogin
order by r.rolname
"""


def provide(settings: Settings) -> tuple[str, ...]:
    """Let every role of this database log in, as the environment says; call it after migrating.

    Returns:
        The roles whose login was made or changed.

    Raises:
        psycopg.Error: the database can't be reached, or the user may not change the roles.
        Unavailable: Secrets Manager can't be reached.
        Refused: it does not let us read or write one of the secrets.
    """
    if not settings.signs_in_by_token and not settings.login_secrets:
        return ()  # the local stack: its server trusts every local connection
    with psycopg.connect(
        settings.database_url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_SECONDS
    ) as connection:
        roles = connection.execute(_ROLES, {"iam": _IAM}).fetchall()
        if settings.signs_in_by_token:
            return _by_token(connection, [role for role, is_member in roles if not is_member])
        _take_tokens_away(connection, [role for role, is_member in roles if is_member])
        return tuple(role for role, _ in roles if _by_password(connection, settings, role))


def _by_token(connection: psycopg.Connection[Any], roles: list[str]) -> tuple[str, ...]:
    for role in roles:
        statement = sql.SQL("grant {} to {}")
        connection.execute(statement.format(sql.Identifier(_IAM), sql.Identifier(role)))
    return tuple(roles)


def _take_tokens_away(connection: psycopg.Connection[Any], roles: list[str]) -> None:
    """Members of rds_iam cannot log in by password: the database was created with a stack once."""
    for role in roles:
        statement = sql.SQL("revoke {} from {}")
        connection.execute(statement.format(sql.Identifier(_IAM), sql.Identifier(role)))


def _by_password(connection: psycopg.Connection[Any], settings: Settings, role: str) -> bool:
    """Make the role's secret fit the database; False if it does."""
    name = settings.login_secrets + role
    owner = settings.owner_secret
    found = _parsed(aws.secret(settings.environment, name))
    password = unquote(urlsplit(found.get("url", "")).password or "") or secrets.token_urlsafe(32)
    wanted = {**owner, "url": _address(owner["url"], role, password)}
    if found == wanted and _signs_in(wanted):
        return False
    # first the secret: if the rest fails, a role that has no password yet cannot log in, and one
    # whose database has moved gets the password in its secret
    aws.put_secret(settings.environment, name, json.dumps(wanted))
    # the server is sent a hash: neither its log nor its statistics ever see the password
    hashed = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    statement = sql.SQL("alter role {} password {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(hashed)))
    _sign_in(wanted)  # a deployment fails rather than every call after it
    return True


def _address(owner: str, role: str, password: str) -> str:
    """The owner's address with another login."""
    parts = urlsplit(owner)
    server = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{server}"))


def _sign_in(secret: dict[str, Any]) -> None:
    url = certificates.verified(secret["url"], secret.get("ca"))
    psycopg.connect(url, connect_timeout=_CONNECT_TIMEOUT_SECONDS).close()


def _signs_in(secret: dict[str, Any]) -> bool:
    try:
        _sign_in(secret)
    except psycopg.OperationalError:
        return False
    return True


def _parsed(text: str) -> dict[str, Any]:
    """A secret as {"url", "ca"}; one that was never written, or emptied, holds nothing."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
