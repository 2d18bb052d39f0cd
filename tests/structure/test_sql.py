"""The SQL files, the database they make, and the errors they raise agree with each other."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from dev.cloudformation import template
from holdfast.migrations import scripts
from holdfast.platform.database_errors import BY_CONSTRAINT, BY_SQLSTATE, from_database
from holdfast.platform.errors import CATALOGUE, Unavailable
from tests.harness.database.cluster import ROOT, SQL_DIR
from tests.harness.database.doorways import IS_FUNCTION_OF_TODAY
from tests.harness.database.migrated import Database
from tests.harness.database.rules import rules

FILES = sorted((SQL_DIR / "functions").rglob("*.sql"))
ALL_SQL = sorted(path for path in SQL_DIR.rglob("*.sql") if path.name != "schema.sql")

# The same for every tenant, without any of their data: the only tables without row security.
GLOBAL_TABLES = {
    "core.capabilities",
    "core.currencies",
    "core.migrations",
    "core.reconciliations",
    "core.transitions",
}

# PostgreSQL's own constructor functions of a range type have no file.
OURS = """
    p.pronamespace::regnamespace::text in ('core', 'api', 'audit')
    and not exists (
        select from pg_depend as d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i'
    )
"""
LOGINS = "r.rolcanlogin and starts_with(r.rolname, 'holdfast_')"


def _name(path: Path) -> str:
    return path.relative_to(SQL_DIR).as_posix()


def _code(path: Path) -> str:
    return re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))


def _header(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return lines[: next(i for i, line in enumerate(lines) if not line.startswith("--"))]


def test_files_are_the_functions(database: Database) -> None:
    """Each function of the database has one file, and no name is overloaded."""
    rows = database.rows(
        "select format('function %s.%s', p.pronamespace::regnamespace, p.proname)"
        f" from pg_proc as p where {OURS}"
    )
    repeatable = [
        script
        for script in scripts.read(SQL_DIR).values()
        if script.folder in scripts.REPEATABLE  # a migration may need a function for itself
    ]
    defined = [item for script in repeatable for item in script.objects]

    # the runner itself requires that a file in functions/ is named after its function
    assert Counter(row[0] for row in rows) == Counter(
        item for item in defined if item.startswith("function ")
    )


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_header_says_what_a_caller_must_know(path: Path) -> None:
    """A function's file opens with its name and purpose, its locks, and what it raises."""
    header = _header(path)
    schema, name = path.relative_to(SQL_DIR / "functions").parts[0], path.stem

    assert re.match(rf"-- {schema}\.{name}: \S", header[0])
    for word in ("Locks", "Raises", "Backstop"):
        assert any(re.match(rf"-- {word} +\S", line) for line in header), f"no {word}"


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_header_names_what_the_body_raises(path: Path) -> None:
    """The header lists the codes that the function itself raises."""
    raised = set(re.findall(r"errcode\s*=\s*'(\w+)'", _code(path)))

    assert raised - set(re.findall(r"\b\w{5}\b", "\n".join(_header(path)))) == set()


@pytest.mark.parametrize("path", ALL_SQL, ids=_name)
def test_raise_has_a_code_and_a_plain_message(path: Path) -> None:
    """Every `raise` has an errcode; a message of its own states the fact in lower case.

    Without one, title and hint are those of the error that the code maps to.
    """
    for statement in re.findall(r"\braise\s+exception\b[^;]*;", _code(path), re.IGNORECASE):
        assert re.search(r"errcode\s*=", statement), statement
        message = re.search(r"(?:exception\s+|message\s*=\s*)'([^']*)", statement)
        if message is None:
            assert re.match(r"raise\s+exception\s+using\b", statement), statement
            assert not re.search(r"\bhint\s*=", statement), statement
        else:
            assert message[1][:1] == message[1][:1].lower(), statement


@pytest.mark.parametrize("path", ALL_SQL, ids=_name)
def test_no_text_stands_twice(path: Path) -> None:
    """What errors.py says of a code is not repeated in SQL: a text there is a more precise one."""
    texts = {text.lower().rstrip(".") for kind in CATALOGUE for text in (kind.title, kind.hint)}
    said = re.findall(r"(?:raise exception|hint =)\s+'((?:[^']|'')*)'", _code(path))

    assert {text for text in said if text.replace("''", "'").lower() in texts} == set()


def test_raised_codes_are_the_catalogue() -> None:
    """Every SQLSTATE of ours maps to an error, and every mapped one is raised.

    Another class than ours is raised only with PostgreSQL's own meaning: try again, or, by the
    function of a check constraint, that a rule of the row is broken.
    """
    code = "\n".join(_code(path) for path in ALL_SQL).replace("errcode = '23514', schema", "")
    raised = {*re.findall(r"'(KH\w*)'", code), *re.findall(r"errcode\s*=\s*'(\w+)'", code)}
    ours = {sqlstate for sqlstate in raised if re.fullmatch(r"KH[A-Z]{3}", sqlstate)}
    others = {sqlstate: from_database(sqlstate, None, "", None, None) for sqlstate in raised - ours}

    assert ours == set(BY_SQLSTATE)
    assert [state for state, error in others.items() if not isinstance(error, Unavailable)] == []


def test_mapped_constraints_exist(database: Database) -> None:
    """A constraint, rule or unique index that maps to an error is in the database by that name."""
    query = """
        select conname from pg_constraint
        union select relname from pg_index join pg_class as c on c.oid = indexrelid
        where indisunique
    """
    names = {row[0] for row in database.rows(query)} | set(rules(database))

    assert set(BY_CONSTRAINT) - names == set()


def test_api_functions_are_doors(database: Database) -> None:
    """`api` is security definer with an empty search path, and closed to PUBLIC."""
    open_doors = database.rows(
        "select p.oid::regprocedure::text from pg_proc as p"
        f" where {OURS} and p.pronamespace = 'api'::regnamespace and not ("
        "   p.prosecdef and coalesce(p.proconfig @> array['search_path=\"\"'], false)"
        "   and not has_function_privilege('public', p.oid, 'execute'))"
    )

    assert open_doors == []


def test_doors_run_alike(database: Database) -> None:
    """What all functions of `api` have in common is set in grants.sql, and in none of their files.

    Their plans are generic and leave no choice; those that join whole sets may use a hash.
    """
    common = {"search_path", "enable_seqscan", "plan_cache_mode"}
    joins = {"enable_hashjoin", "enable_mergejoin"}
    rows = database.rows(
        "select p.proname as name,"
        " array(select split_part(c, '=', 1) from unnest(p.proconfig) as c)"
        f" as settings from pg_proc as p where {OURS} and p.pronamespace = 'api'::regnamespace"
    )
    own = {
        path.stem: set(re.findall(r"^(?:language .*)?\bset (\w+) =", _code(path), re.MULTILINE))
        for path in FILES
        if "api" in path.parts
    }

    assert {row.name for row in rows if not common <= set(row.settings)} == set()
    assert {row.name for row in rows if not joins <= set(row.settings)} == {
        *("compile_openings", "explain_slot", "list_pool_slots_as_text", "list_slots_as_text"),
    }
    assert {name for name, settings in own.items() if settings & (common | joins)} == set()


def test_only_doors_are_security_definer(database: Database) -> None:
    """Outside `api`, what runs as its owner says so with an empty search path."""
    rows = database.rows(
        "select p.oid::regprocedure::text from pg_proc as p"
        f" where {OURS} and p.prosecdef"
        " and not coalesce(p.proconfig @> array['search_path=\"\"'], false)"
    )

    assert rows == []


def test_every_door_leads_somewhere(database: Database) -> None:
    """Each function of `api` may be executed by at least one function's role."""
    unused = database.rows(
        "select p.oid::regprocedure::text from pg_proc as p"
        f" where {OURS} and p.pronamespace = 'api'::regnamespace and not exists ("
        f"   select from pg_roles as r where {LOGINS}"
        "    and has_function_privilege(r.oid, p.oid, 'execute'))"
    )

    assert unused == []


def test_core_is_out_of_reach(database: Database) -> None:
    """No login may execute a function outside `api`, read a table, or own anything.

    Proves: ASVS 13.2.2
    """
    executable = database.rows(
        "select r.rolname, p.oid::regprocedure::text from pg_proc as p, pg_roles as r"
        f" where {OURS} and {LOGINS} and p.pronamespace <> 'api'::regnamespace"
        " and has_function_privilege(r.oid, p.oid, 'execute')"
        " and has_schema_privilege(r.oid, p.pronamespace, 'usage')"
    )
    readable = database.rows(
        "select r.rolname, c.oid::regclass::text from pg_class as c, pg_roles as r"
        f" where {LOGINS} and c.relkind in ('r', 'p', 'v', 'm')"
        " and c.relnamespace::regnamespace::text in ('core', 'audit')"
        " and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete')"
    )
    owned = database.rows(
        f"select r.rolname from pg_shdepend as d join pg_roles as r on r.oid = d.refobjid"
        f" where {LOGINS} and d.deptype = 'o'"
    )

    assert (executable, readable, owned) == ([], [], [])


def test_logins_are_the_functions_of_the_template(database: Database) -> None:
    """One login for each Lambda function that uses the database, and no other."""
    rows = database.rows(f"select r.rolname from pg_roles as r where {LOGINS}")
    functions = template.load(ROOT / "template.yaml").functions.values()
    declared = {function.environment.get("DATABASE_ROLE") for function in functions}

    assert {row[0] for row in rows} == {role for role in declared if role}


def test_owners_bypass_nothing(database: Database) -> None:
    """No role of ours is a superuser or above row security, and no owner can log in."""
    rows = database.rows(
        "select rolname from pg_roles where starts_with(rolname, 'holdfast_') and ("
        "   rolsuper or rolbypassrls or rolcreaterole or rolcreatedb"
        "   or rolcanlogin and rolname in ('holdfast_owner', 'holdfast_system'))"
    )

    assert rows == []


def test_rows_are_secured(database: Database) -> None:
    """Row security is on and forced, with a policy, for every table with tenants' rows."""
    rows = database.rows(
        "select c.oid::regclass::text from pg_class as c"
        " where c.relkind in ('r', 'p')"
        " and c.relnamespace::regnamespace::text in ('core', 'api', 'audit')"
        " and not (c.relrowsecurity and c.relforcerowsecurity"
        "   and exists (select from pg_policy as p where p.polrelid = c.oid))"
    )

    assert {row[0] for row in rows} == GLOBAL_TABLES


def test_constraints_and_indexes_have_names(database: Database) -> None:
    """A name says what holds (`bookings_price_positive`); PostgreSQL's own only say where."""
    constraints = database.rows(
        "select c.conrelid::regclass::text, c.conname from pg_constraint as c"
        " join pg_class as t on t.oid = c.conrelid"
        " where t.relnamespace::regnamespace::text in ('core', 'api', 'audit')"
        " and c.contype not in ('n', 't')"  # not-null ones have names only from 18 on
        " and (not starts_with(c.conname, t.relname || '_')"
        r"   or c.conname ~ '_(check|key|fkey|excl)\d*$')"
    )
    indexes = database.rows(
        "select i.indexrelid::regclass::text from pg_index as i"
        " join pg_class as t on t.oid = i.indrelid"
        " where t.relnamespace::regnamespace::text in ('core', 'api', 'audit')"
        r" and i.indexrelid::regclass::text ~ '_idx\d*$'"
    )

    assert (constraints, indexes) == ([], [])


def test_parameters_are_marked(database: Database) -> None:
    """Parameters start with p_, so that none is mistaken for a column."""
    rows = database.rows(
        "select p.oid::regprocedure::text, n.name from pg_proc as p"
        " cross join unnest(p.proargnames[1:p.pronargs]) as n (name)"
        f" where {OURS} and p.proargmodes is null and not starts_with(n.name, 'p_')"
    )

    assert rows == []


def test_money_and_time_have_their_types(database: Database) -> None:
    """`_at` is timestamptz, `_on` a date, an amount bigint; nothing is a float or without zone."""
    rows = database.rows(
        "select table_name, column_name, data_type from information_schema.columns"
        " where table_schema in ('core', 'audit') and ("
        r"   column_name ~ '_at$' and data_type <> 'timestamp with time zone'"
        r"   or column_name ~ '_on$' and data_type <> 'date'"
        r"   or column_name ~ '(^|_)amount$' and data_type <> 'bigint'"
        "    or data_type in ('real', 'double precision', 'money', 'timestamp without time zone'))"
    )

    assert rows == []


def test_the_clock_is_read_in_one_place() -> None:
    """Only core.clock asks PostgreSQL for the time; everything else calls core.clock.

    core.new_id puts the time into an id to keep neighbours together, and decides nothing by it.
    """
    words = re.compile(
        r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\("
        r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
        re.IGNORECASE,
    )
    asking = [_name(path) for path in ALL_SQL if words.search(_code(path))]

    assert asking == ["functions/core/time/clock.sql", "functions/core/time/new_id.sql"]


def test_each_function_asks_for_one_capability(database: Database) -> None:
    """A function with an actor calls core.authorize once, for one capability.

    Proves: ASVS 8.2.1, API5:2023
    """
    with_actor = database.rows(
        "select p.proname from pg_proc as p"
        f" where {IS_FUNCTION_OF_TODAY} and 'p_actor' = any (p.proargnames) order by 1"
    )
    files = {path.stem: _code(path) for path in FILES if "api" in path.parts}
    asks = {
        name: re.findall(r"core\.authorize\(p_actor, '([a-z_.]+)'\)", code)
        for name, code in files.items()
        if "core.authorize(" in code
    }

    assert sorted(asks) == [name for (name,) in with_actor]
    assert {name: found for name, found in asks.items() if len(found) != 1} == {}


def test_capabilities_are_those_asked_for(database: Database) -> None:
    """Every listed capability is asked for, and every one asked for is listed.

    A secret key may do all of them; a browser has each by its key or by a booking's secret, not by
    both, so that its scope is always clear.
    """
    listed = database.rows("select capability, kind, scope from core.capabilities")
    asked = set(re.findall(r"core\.authorize\(p_actor, '([^']+)'\)", "\n".join(map(_code, FILES))))
    by_kind = {
        kind: {row.capability for row in listed if row.kind == kind}
        for kind in ("publishable", "booking_secret", "secret")
    }

    assert by_kind["secret"] == asked == {row.capability for row in listed}
    assert by_kind["publishable"] & by_kind["booking_secret"] == set()
    assert {row.kind for row in listed if row.scope == "own"} == {"booking_secret"}


_WAITS_WRITES_OR_ASKS = re.compile(
    r"core\.(?:lock_|claim_key|still_authorized|take)\w*\("
    r"|\b(?:insert into|update|delete from) core\."
)
_ASKS = ("core.still_authorized(", "core.claim_key(")


@pytest.mark.parametrize("path", sorted((SQL_DIR / "functions" / "api").rglob("*.sql")), ids=_name)
def test_changing_functions_check_the_key_again(path: Path) -> None:
    """A function that acts for a caller checks that the key is still alive after its last wait or
    write before each answer; one that only reads checks once.

    `core.claim_key` checks it before it returns what an earlier call made.
    """
    code = _code(path)
    acts = "core.authorize(" in code and "set lock_timeout" in code

    assert ("core.still_authorized(" in code) == acts
    if acts:
        ending = r"^end;" if "returns void" in code else r"\breturn (?!null)"
        answers = [match.start() for match in re.finditer(ending, code, re.MULTILINE)]
        for since, answer in pairwise([0, *answers]):
            done = _WAITS_WRITES_OR_ASKS.findall(code[since:answer])
            assert not done or done[-1] in _ASKS, code[since:answer]
