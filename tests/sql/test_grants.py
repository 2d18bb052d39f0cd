"""grants.sql is the public interface: every role by every function and table of the catalogue."""

import re
from pathlib import Path
from typing import Any

import pytest

from holdfast.migrations import migrate
from tests.harness.clients.calls import Api, refused
from tests.harness.database.builders import Tenant
from tests.harness.database.cluster import SQL_DIR
from tests.harness.database.migrated import Database

GRANT = re.compile(r"^grant execute on function (\S+) to ([^;]+);", re.MULTILINE)


def granted(path: Path = SQL_DIR / "grants.sql") -> set[tuple[str, str]]:
    """(role, function) for every single grant that the file spells out."""
    return {
        (role.strip(), function)
        for function, roles in GRANT.findall(path.read_text())
        for role in roles.split(",")
    }


def login_roles(database: Database) -> list[str]:
    """Every role of ours that can log in."""
    query = (
        "select rolname from pg_roles where starts_with(rolname, 'holdfast_') and rolcanlogin"
        " order by rolname"
    )
    return [name for (name,) in database.rows(query)]


def test_roles_may_call_what_the_file_says_and_no_more(api: Api) -> None:
    """Every login role by every function of ours: allowed exactly where grants.sql names it.

    Cases: P-7
    Proves: ASVS 8.2.1, 13.2.2, API5:2023
    """
    query = """
        select r.rolname, p.oid::regproc::text
        from pg_roles as r, pg_proc as p
        where r.rolcanlogin and starts_with(r.rolname, 'holdfast_')
            and p.pronamespace::regnamespace::text in ('api', 'core', 'audit', 'ledger')
            and has_function_privilege(r.oid, p.oid, 'execute')
            and has_schema_privilege(r.oid, p.pronamespace, 'usage')
    """

    allowed = {(role, function) for role, function in api.database.rows(query)}

    assert allowed == granted()


def test_public_may_call_nothing(api: Api) -> None:
    """No function of ours is executable by public, helpers included.

    The constructors that PostgreSQL makes with a range type are its own; they only build values.
    """
    query = """
        select p.oid::regprocedure::text
        from pg_proc as p
        join pg_language as l on l.oid = p.prolang and l.lanname <> 'internal',
            aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
        where p.pronamespace::regnamespace::text in ('api', 'core', 'audit', 'ledger')
            and a.grantee = 0
    """

    assert api.database.rows(query) == []


def test_every_login_role_is_granted_something(api: Api) -> None:
    """A role without a function is either not needed or lacks a grant."""
    assert {role for role, _ in granted()} == set(login_roles(api.database))


def test_no_role_has_any_right_to_a_table(api: Api, tenant: Tenant) -> None:
    """Login roles by tables, views and sequences by every privilege, also of columns: none.

    Cases: P-7
    Proves: ASVS 13.2.2
    """
    query = """
        select r.rolname, c.oid::regclass::text
        from pg_roles as r, pg_class as c
        where r.rolcanlogin and starts_with(r.rolname, 'holdfast_')
            and c.relnamespace::regnamespace::text in ('api', 'core', 'audit', 'ledger')
            and case
                when c.relkind = 'S' then
                    has_sequence_privilege(r.oid, c.oid, 'usage,select,update')
                when c.relkind in ('r', 'p', 'v', 'm') then
                    has_table_privilege(r.oid, c.oid,
                        'select,insert,update,delete,truncate,references,trigger')
                    or has_any_column_privilege(r.oid, c.oid, 'select,insert,update,references')
                else false
            end
    """

    assert api.database.rows(query) == []


def test_a_role_that_tries_is_denied(api: Api, tenant: Tenant) -> None:
    """Tables, functions of other roles, roles and schemas are closed in practice too.

    Cases: P-7
    Proves: ASVS 8.3.1, 13.2.2
    """
    attempts = [
        "select * from core.bookings",
        "select * from core.api_keys",
        "delete from audit.booking_events",
        "select core.clock()",
        "select core.enter_tenant(null, 'secret', null, null)",
        "set role holdfast_owner",
        "set role holdfast_system",
        "set session authorization holdfast_owner",
        "create schema mine",
        "create table api.mine ()",
        "create function api.mine() returns int language sql as 'select 1'",
        "create table public.mine ()",
        "alter role holdfast_owner login",
        "create role mine",
    ]

    let_in = {
        (role, attempt)
        for role in login_roles(api.database)
        for attempt in attempts
        if _denial(api.database, role, attempt) != "42501"
    }

    assert let_in == set()


def test_rows_of_a_tenant_are_not_seen_by_naming_it(api: Api, tenant: Tenant) -> None:
    """Setting the tenant by hand opens nothing: a role reads no table, whatever it sets."""
    with api.database.connect("holdfast_bookings", autocommit=True) as caller:
        caller.execute("select set_config('holdfast.tenant_id', %s, false)", (str(tenant.id),))

        refusal = refused(lambda: caller.execute("select * from core.customers"))

    assert refusal.sqlstate == "42501"


def test_roles_own_nothing_and_are_members_of_none(api: Api) -> None:
    """Login roles own no object, are members of no role and have no attribute but login."""
    roles = login_roles(api.database)
    owned = "select count(*) from pg_shdepend where refobjid = %s::regrole and deptype = 'o'"
    member = "select count(*) from pg_auth_members where member = %s::regrole"
    attributes = """
        select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls
            or rolinherit
        from pg_roles where rolname = %s
    """

    for role in roles:
        facts = [api.database.value(query, role) for query in (owned, member, attributes)]
        assert facts == [0, 0, False], role


def test_security_definer_functions_are_closed_to_the_search_path(api: Api) -> None:
    """Functions with their owner's rights resolve no name by the caller's search_path.

    Cases: P-7
    Proves: ASVS 1.2.4
    """
    query = """
        select p.oid::regproc::text
        from pg_proc as p
        where p.pronamespace::regnamespace::text in ('api', 'core', 'audit', 'ledger')
            and p.prosecdef and not coalesce(p.proconfig, '{}') @> '{"search_path=\\"\\""}'
    """

    assert api.database.rows(query) == []


def test_functions_that_see_all_tenants_are_few_and_known(api: Api) -> None:
    """holdfast_system owns exactly the functions that grants.sql hands to it.

    Cases: P-7
    """
    text = (SQL_DIR / "grants.sql").read_text()
    handed = set(re.findall(r"^alter function (\S+) owner to holdfast_system;", text, re.MULTILINE))

    owned = api.database.rows(
        "select p.oid::regproc::text from pg_proc as p"
        " where p.proowner = 'holdfast_system'::regrole"
    )

    assert {name for (name,) in owned} == handed


def test_no_role_makes_temporary_objects(bare_database: Database) -> None:
    """A temporary function or table could stand in front of ours: migrating revokes the right.

    On a database of its own, because a copy of the template does not keep such rights.
    """
    migrate(bare_database.url(), SQL_DIR)

    denials = {
        role: [
            _denial(bare_database, role, attempt)
            for attempt in (
                "create function pg_temp.mine() returns int language sql as 'select 1'",
                "create temporary table mine ()",
            )
        ]
        for role in login_roles(bare_database)
    }

    assert set(map(tuple, denials.values())) == {("42501", "42501")}


_OPEN_FUNCTIONS = """
    select p.oid::regprocedure::text
    from pg_proc as p
    where p.pronamespace = 'pg_catalog'::regnamespace
        and (p.proname like 'lo\\_%%' or p.proname in ('loread', 'lowrite')
            or p.proname like 'pg\\_%%advisory%%')
        and has_function_privilege(%s, p.oid, 'execute')
"""


def test_no_role_makes_large_objects_or_takes_advisory_locks(api: Api) -> None:
    """They can neither fill the disk nor take the locks of days and identities: by name, and tried.

    Cases: P-7
    Proves: ASVS 13.2.2
    """
    attempts = [
        *("select lo_create(0)", "select lo_from_bytea(0, 'x')", "select lo_get(1)"),
        *("select pg_advisory_lock(1)", "select pg_advisory_xact_lock_shared(1, 2)"),
        *("select pg_try_advisory_lock(1)", "select pg_advisory_unlock_all()"),
    ]
    roles = login_roles(api.database)

    able = {role: api.database.rows(_OPEN_FUNCTIONS, role) for role in roles}
    let_in = {(r, a) for r in roles for a in attempts if _denial(api.database, r, a) != "42501"}

    assert {role: found for role, found in able.items() if found} == {}
    assert let_in == set()


def test_the_owners_take_the_locks_that_our_functions_need(api: Api) -> None:
    """Both owners may take advisory locks, and neither makes large objects."""
    for role in ("holdfast_owner", "holdfast_system"):
        able = {name for (name,) in api.database.rows(_OPEN_FUNCTIONS, role)}

        assert "pg_advisory_xact_lock(bigint)" in able
        assert [name for name in able if name.startswith("lo")] == []


@pytest.mark.parametrize("role", ["holdfast_owner", "holdfast_system"])
def test_owners_cannot_log_in(api: Api, role: str) -> None:
    """The owners of tables and functions cannot log in.

    Proves: ASVS 6.3.2
    """
    assert api.database.value("select rolcanlogin from pg_roles where rolname = %s", role) is False


def _denial(database: Database, role: str, statement: str) -> Any:
    """The SQLSTATE that a role gets for a statement; None when it is allowed."""
    with database.connect(role) as connection:
        try:
            return refused(lambda: connection.execute(statement.encode())).sqlstate
        except AssertionError:
            return None
        finally:
            connection.rollback()
