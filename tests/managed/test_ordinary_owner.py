"""On a managed PostgreSQL: the migrating user is no superuser, roles have passwords and TLS."""

import json
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest

from holdfast.migrations import MigrationReport, logins, migrate
from holdfast.platform.certificates import verified
from holdfast.platform.settings import Settings
from tests.harness.database import managed
from tests.harness.database.cluster import SQL_DIR
from tests.harness.database.managed import OWNER_SECRET, PREFIX, settings_of
from tests.harness.database.migrated import Database
from tests.harness.servers.secrets_manager import SecretsManager
from tests.harness.system.in_process import System
from tests.harness.system.setup import TEN, at_start

pytestmark = pytest.mark.xdist_group("managed")


def rows(service: managed.Service, query: str) -> list[Any]:
    with service.superuser() as connection:
        return connection.execute(query.encode()).fetchall()


def test_an_ordinary_owner_migrates(service: managed.Service, migrated: MigrationReport) -> None:
    """CREATEROLE and the ownership of the database are enough for every file."""
    files = sorted(f"migrations/{path.name}" for path in (SQL_DIR / "migrations").glob("*.sql"))
    (attributes,) = rows(
        service,
        "select rolsuper, rolbypassrls, rolreplication, rolcreatedb from pg_roles"
        f" where rolname = '{managed.OWNER}'",
    )

    assert sorted(migrated.applied) == files  # the second file of one comes after functions
    assert attributes == (False, False, False, False)


def test_what_an_ordinary_owner_may_not_take_away_stays(
    service: managed.Service, migrated: MigrationReport
) -> None:
    """Advisory locks belong to the server there: the migration says so, and does not fail."""
    (able,) = rows(
        service, "select has_function_privilege('public', 'pg_advisory_lock(bigint)', 'execute')"
    )

    assert migrated.version
    assert able == (True,)


def test_migrating_again_changes_nothing(
    service: managed.Service, owner_url: str, migrated: MigrationReport
) -> None:
    """The second deployment finds everything as it should be."""
    assert migrate(owner_url, SQL_DIR) == MigrationReport((), (), migrated.version)


def test_an_ordinary_owner_deploys_a_change(
    owner_url: str, migrated: MigrationReport, tmp_path: Path
) -> None:
    """Functions of both owners, grants and roles can be replaced later, too."""
    changed = {
        "functions/core/time/utc.sql",
        "functions/api/outbox/claim_effects.sql",
        "grants.sql",
        "roles.sql",
    }
    shutil.copytree(SQL_DIR, tmp_path / "sql")
    for name in changed:
        file = tmp_path / "sql" / name
        file.write_text(file.read_text(encoding="utf-8") + "\n-- newer\n", encoding="utf-8")

    assert set(migrate(owner_url, tmp_path / "sql").reapplied) == changed
    assert set(migrate(owner_url, SQL_DIR).reapplied) == changed


def test_nothing_of_ours_belongs_to_a_powerful_role(
    service: managed.Service, migrated: MigrationReport
) -> None:
    """Schemas, tables and functions belong to our two owners, who may not even log in."""
    owners = rows(
        service,
        """
        select distinct r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcanlogin
        from pg_roles as r
        join (
            select nspowner as owner from pg_namespace
            where nspname in ('core', 'api', 'audit', 'ledger')
            union all select relowner from pg_class
            where relnamespace::regnamespace::text in ('core', 'api', 'audit', 'ledger')
            union all select proowner from pg_proc
            where pronamespace::regnamespace::text in ('core', 'api', 'audit', 'ledger')
        ) as o on o.owner = r.oid
        order by 1
        """,
    )

    assert owners == [(name, *4 * (False,)) for name in ("holdfast_owner", "holdfast_system")]


def test_sessions_are_what_their_role_says(
    service: managed.Service, secrets: SecretsManager, provided: tuple[str, ...], roles: list[str]
) -> None:
    """Limits and search path come with the role: no session has to set anything."""
    query = (
        "select current_setting('statement_timeout'), current_setting('search_path'),"
        " current_setting('idle_in_transaction_session_timeout'), current_setting('timezone')"
    )
    found = set()
    for role in roles:
        with psycopg.connect(settings_of(secrets, role).database_url) as connection:
            found.add(connection.execute(query.encode()).fetchone())

    assert found == {("15s", '""', "15s", "UTC")}


def test_every_role_signs_in_with_its_own_secret(
    service: managed.Service, secrets: SecretsManager, provided: tuple[str, ...], roles: list[str]
) -> None:
    """Migrating gives each role its own password, which only its own secret holds.

    Cases: P-7
    Proves: ASVS 13.2.1, 13.3.2
    """
    signed_in, passwords = [], set()
    for role in roles:
        url = settings_of(secrets, role).database_url
        with psycopg.connect(url) as connection:
            signed_in.append(connection.info.user)
            passwords.add(connection.info.password)

    assert list(provided) == signed_in == roles
    assert len(passwords) == len(roles)
    assert min(map(len, passwords)) >= 43  # 256 bits


@pytest.mark.parametrize("password", ["", "holdfast_checkout", "a7Fq0random"])
def test_no_role_logs_in_without_its_password(
    service: managed.Service, provided: tuple[str, ...], password: str
) -> None:
    """Neither without a password, nor with a guessed one, nor with what CloudFormation wrote first.

    Proves: ASVS 13.2.1, 13.2.3
    """
    url = verified(service.url("holdfast_checkout", password), service.authority.pem)

    with pytest.raises(psycopg.OperationalError, match=r"password|authentication"):
        psycopg.connect(url)


def test_the_server_keeps_hashes_only(
    service: managed.Service, secrets: SecretsManager, provided: tuple[str, ...]
) -> None:
    """No password is in the catalogue or in the server's log: it was sent as a SCRAM hash.

    Proves: ASVS 13.3.1
    """
    kept = rows(
        service,
        "select left(rolpassword, 14) from pg_authid where starts_with(rolname, 'holdfast_')"
        " and rolcanlogin",
    )
    url = json.loads(secrets.text(PREFIX + "holdfast_checkout"))["url"]
    password = url.split("@")[0].rpartition(":")[2]

    assert set(kept) == {("SCRAM-SHA-256$",)}
    assert password not in service.server.log.read_text(encoding="utf-8")


def test_a_later_deployment_changes_no_password(
    secrets: SecretsManager, provided: tuple[str, ...], roles: list[str]
) -> None:
    """Passwords that work are left alone: running functions know them."""
    before = [secrets.text(PREFIX + role) for role in roles]

    assert logins.provide(settings_of(secrets)) == ()
    assert [secrets.text(PREFIX + role) for role in roles] == before


def test_an_emptied_secret_gets_a_new_password(
    secrets: SecretsManager, provided: tuple[str, ...]
) -> None:
    """That is how a password is changed, whatever is left in the secret; no other changes."""
    left = {
        "holdfast_blackouts": "{}",
        "holdfast_bookings": "not json",
        "holdfast_catalogue": "[]",
        "holdfast_health": '{"url": "postgresql://db/x"}',
    }
    old = {role: json.loads(secrets.text(PREFIX + role))["url"] for role in left}
    for role, text in left.items():
        secrets.client.put_secret_value(SecretId=PREFIX + role, SecretString=text)

    assert logins.provide(settings_of(secrets)) == tuple(left)
    for role in left:
        assert json.loads(secrets.text(PREFIX + role))["url"] != old[role]
        psycopg.connect(settings_of(secrets, role).database_url).close()


def test_a_moved_database_keeps_its_passwords(
    service: managed.Service, secrets: SecretsManager, provided: tuple[str, ...]
) -> None:
    """After a restore on another server only the owner's address is changed; migrating sets the
    passwords.
    """
    name = PREFIX + "holdfast_health"
    old = secrets.text(name)
    moved = {"url": service.url() + "&tcp_user_timeout=9000", "ca": service.authority.pem}
    secrets.client.put_secret_value(SecretId=OWNER_SECRET, SecretString=json.dumps(moved))
    try:
        changed = logins.provide(settings_of(secrets))
        now = json.loads(secrets.text(name))["url"]
    finally:
        back = {"url": service.url(), "ca": service.authority.pem}
        secrets.client.put_secret_value(SecretId=OWNER_SECRET, SecretString=json.dumps(back))
        logins.provide(settings_of(secrets))

    assert changed == provided
    assert now == json.loads(old)["url"] + "&tcp_user_timeout=9000"
    assert secrets.text(name) == old


def test_created_with_the_stack_roles_sign_in_through_iam(
    service: managed.Service, owner_url: str, secrets: SecretsManager, provided: tuple[str, ...]
) -> None:
    """Every login role joins rds_iam, once; if the stack later gets another database, it leaves
    again.
    """
    members = (
        "select r.rolname from pg_auth_members as m join pg_roles as r on r.oid = m.member"
        " where m.roleid = 'rds_iam'::regrole and starts_with(r.rolname, 'holdfast_') order by 1"
    )
    created = Settings({"DATABASE_HOST": "cluster", "DATABASE_URL": owner_url})

    assert logins.provide(created) == provided
    assert [name for (name,) in rows(service, members)] == list(provided)
    assert logins.provide(created) == ()
    logins.provide(settings_of(secrets))
    assert rows(service, members) == []


def test_the_local_stack_needs_no_logins(owner_url: str, migrated: MigrationReport) -> None:
    """Where the server trusts every connection, nothing is written anywhere."""
    assert logins.provide(Settings({"DATABASE_URL": owner_url})) == ()


def test_a_hold_on_a_managed_database(
    service: managed.Service,
    secrets: SecretsManager,
    provided: tuple[str, ...],
    dynamodb: str,
    tmp_path: Path,
) -> None:
    """From the handler through TLS and password to the row, all as the function's own role.

    The owner sees it as docs/database.md says: only when he names the tenant.
    """
    database = Database(service.server, managed.NAME)
    system = System(database, dynamodb, tmp_path)
    try:
        at_start(system)
        system.with_environment(
            **secrets.environment,
            DATABASE_URL="",
            DATABASE_ROLE="holdfast_checkout",
            DATABASE_SECRET_ARN=PREFIX + "holdfast_checkout",
        )
        answer = system.request("POST", "/v1/holds", system.hold_body(TEN))
        sessions = database.rows(
            "select usename, application_name from pg_stat_activity"
            " where datname = %s and usename <> 'postgres'",
            managed.NAME,
        )

        assert answer.status == 201, answer
        assert system.booking(answer.body).status == "held"
        assert sessions == [("holdfast_checkout", "CheckoutFunction")]
        with psycopg.connect(settings_of(secrets).database_url) as owner:
            assert bookings_seen(owner) == []
            owner.execute(
                "select core.enter_tenant(%s, 'secret', null, null)", (system.tenant.tenant_id,)
            )
            assert bookings_seen(owner) == [answer.body["id"]]
    finally:
        system.stop()
        database.close()


def bookings_seen(owner: psycopg.Connection[Any]) -> list[str]:
    """The ids of all bookings that the owner sees in his transaction."""
    owner.execute("set local role holdfast_owner")
    return [str(found) for (found,) in owner.execute("select id from core.bookings").fetchall()]
