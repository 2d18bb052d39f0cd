"""The migration runner, on a small schema of the test and on the real one."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from holdfast.migrations import (
    MigrationError,
    MigrationReport,
    migrate,
    runner,
    schema_version,
    session,
)
from tests.harness.database.cluster import SQL_DIR, Server, superuser
from tests.harness.database.migrated import Database, empty_database

ROLES = """
do $$
begin
    create role holdfast_owner nologin;
exception when duplicate_object or unique_violation then
    null;
end;
$$;
do $$
begin
    execute format('grant create on database %I to holdfast_owner', current_database());
end;
$$;
"""
FILES = {
    "roles.sql": ROLES,
    "migrations/0001_things.sql": """
-- what there is
create schema api;
create table core.things (
    id integer not null,
    constraint things_pkey primary key (id)
);
""",
    "functions/core/triple.sql": """
create or replace function core.triple(p_number integer)
returns integer
language sql immutable
as $$
    select core.twice(p_number) + p_number -- mentions a function that is created after this one
$$;
""",
    "functions/core/twice.sql": """
create or replace function core.twice(p_number integer)
returns integer
language sql immutable
as $$
    select 2 * p_number
$$;
""",
    "views/things.sql": """
create or replace view api.things as
select t.id, core.twice(t.id) as doubled
from core.things as t;
""",
    "functions/api/list_things.sql": """
create or replace function api.list_things()
returns setof api.things
language sql stable
as $$
    select * from api.things
$$;
""",
    "triggers/things_100_guard.sql": """
create or replace function core.guard_thing()
returns trigger
language plpgsql
as $$
begin
    if new.id < 0 then
        raise exception 'negative';
    end if;
    return new;
end;
$$;

drop trigger if exists things_100_guard on core.things;
create trigger things_100_guard
before insert on core.things
for each row execute function core.guard_thing();
""",
    "grants.sql": """
revoke execute on all functions in schema core, api from public;
grant select on api.things to public;
""",
}


class Schema:
    """A folder like `sql/` that a test edits, and a database to run it on."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database
        for name, text in FILES.items():
            self.write(name, text)

    def run(self) -> MigrationReport:
        return migrate(self.database.url(), self.folder)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()


@pytest.fixture
def schema(tmp_path: Path, bare_database: Database) -> Schema:
    return Schema(tmp_path / "sql", bare_database)


def test_fresh_database_gets_everything(schema: Schema) -> None:
    """On an empty database every file is run once, in order, and belongs to the owner."""
    told: list[str] = []

    report = migrate(schema.database.url(), schema.folder, progress=told.append)

    assert report.applied == ("migrations/0001_things.sql",)
    assert set(report.applied + report.reapplied) == set(FILES)
    assert report.version == schema_version(schema.database.url()) == "0001"
    assert told[:2] == ["roles.sql", "migrations/0001_things.sql"]
    assert told[-1] == "grants.sql"
    assert told.index("functions/core/twice.sql") < told.index("views/things.sql")
    assert schema.database.value("select core.triple(7)") == 21
    owners = "select distinct relowner::regrole::text from pg_class where relname = 'things'"
    assert schema.database.value(owners) == "holdfast_owner"


def test_second_run_does_nothing(schema: Schema) -> None:
    """An up-to-date database is left alone."""
    schema.run()

    assert schema.run() == MigrationReport((), (), "0001")


def test_version_of_an_empty_database(schema: Schema) -> None:
    """A database that was never migrated says so instead of failing."""
    assert schema_version(schema.database.url()) == "0000"


def test_next_migration_is_applied(schema: Schema) -> None:
    """Only the new migration is applied; grants follow, for the new table."""
    schema.run()
    schema.write("migrations/0002_more.sql", "create table core.more (id integer not null);")

    assert schema.run() == MigrationReport(("migrations/0002_more.sql",), ("grants.sql",), "0002")


@pytest.mark.parametrize(
    ("change", "file", "message"),
    [
        (
            lambda t: t.edit("migrations/0001_things.sql", "integer", "bigint"),
            "migrations/0001_things.sql",
            "edited after it was applied",
        ),
        (
            lambda t: t.remove("migrations/0001_things.sql"),
            "migrations/0001_things.sql",
            "the file is gone",
        ),
        (
            lambda t: t.write("migrations/0000_late.sql", "select 1;"),
            "migrations/0000_late.sql",
            "already applied",
        ),
        (
            lambda t: t.write("migrations/0001_again.sql", "select 1;"),
            "migrations/0001_things.sql",
            "has that number",
        ),
        (
            lambda t: t.write("migrations/2_short.sql", "select 1;"),
            "migrations/2_short.sql",
            "NNNN",
        ),
        (
            lambda t: t.write("functions/other/f.sql", "select 1;"),
            "functions/other/f.sql",
            "functions/core or functions/api",
        ),
        (
            lambda t: t.edit("functions/core/twice.sql", "core.twice(", "core.double("),
            "functions/core/twice.sql",
            "must define function core.twice alone",
        ),
        (
            lambda t: t.write(
                "functions/core/numbers/twice.sql", FILES["functions/core/twice.sql"]
            ),
            "functions/core/twice.sql",
            "functions/core/numbers/twice.sql defines function core.twice too",
        ),
        (lambda t: t.remove("grants.sql"), "grants.sql", "not found"),
    ],
)
def test_wrong_tree_is_refused(
    schema: Schema, change: Callable[[Schema], None], file: str, message: str
) -> None:
    """Rewritten history and files that no run would find are named; nothing changes."""
    schema.run()
    before = _state(schema.database)
    change(schema)

    with pytest.raises(MigrationError, match=message) as refused:
        schema.run()

    assert refused.value.file == file
    assert _state(schema.database) == before


def test_changed_function_is_replaced(schema: Schema) -> None:
    """A new body replaces the old one in place; objects that depend on it stay."""
    schema.run()
    schema.edit("functions/core/twice.sql", "2 * p_number", "p_number + p_number")

    assert schema.run().reapplied == ("functions/core/twice.sql", "grants.sql")
    assert schema.database.value("select core.triple(5)") == 15


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("returns integer", "returns bigint"),  # refused by create or replace
        ("(p_number integer)", "(p_value integer)"),  # refused too
        ("(p_number integer)", "(p_number integer, p_more integer default 0)"),  # an overload
    ],
)
def test_changed_signature_takes_its_users_along(schema: Schema, old: str, new: str) -> None:
    """Where `create or replace` cannot, the view and the function that use it are recreated."""
    schema.run()
    schema.edit("functions/core/twice.sql", old, new)
    schema.edit("functions/core/twice.sql", "2 * p_number", "$1 + $1")

    report = schema.run()

    assert set(report.reapplied) == set(FILES) - {"roles.sql", "migrations/0001_things.sql"}
    assert schema.database.value("select count(*) from pg_proc where proname = 'twice'") == 1
    schema.database.execute("insert into core.things values (4)")
    assert schema.database.rows("select id, doubled from api.list_things()") == [(4, 8)]
    with pytest.raises(psycopg.errors.RaiseException):  # the trigger is there
        schema.database.execute("insert into core.things values (-1)")
    granted = "select has_table_privilege('public', 'api.things', 'select')"
    assert schema.database.value(granted) is True
    assert schema.run() == MigrationReport((), (), "0001")


def test_unused_function_changes_alone(schema: Schema) -> None:
    """A signature that no object depends on is changed without touching the rest."""
    schema.run()
    schema.edit("functions/core/triple.sql", "(p_number integer)", "(p_number bigint)")
    schema.edit("functions/core/triple.sql", "core.twice(p_number)", "2 * p_number")
    schema.edit("functions/core/triple.sql", "returns integer", "returns bigint")

    assert schema.run().reapplied == ("functions/core/triple.sql", "grants.sql")
    assert schema.database.value("select core.triple(9)") == 27


def test_a_trigger_file_may_define_one_function_more(schema: Schema) -> None:
    """A second function is no overload of the first: the file is run once, and both are there."""
    schema.run()
    first = FILES["triggers/things_100_guard.sql"]
    schema.write("triggers/things_100_guard.sql", first + first.replace("guard", "other"))

    report = migrate(schema.database.url(), schema.folder, seconds=20)

    assert report.reapplied == ("triggers/things_100_guard.sql", "grants.sql")
    names = schema.database.rows(
        "select tgname from pg_trigger where not tgisinternal order by tgname"
    )
    assert names == [("things_100_guard",), ("things_100_other",)]


def test_changed_view_is_replaced(schema: Schema) -> None:
    """A view that loses a column is dropped with the functions that return it; all come back."""
    schema.run()
    schema.edit("views/things.sql", "t.id, core.twice(t.id) as doubled", "-t.id as id")

    schema.run()

    schema.database.execute("insert into core.things values (4)")
    assert schema.database.rows("select * from api.list_things()") == [(-4,)]


def test_lasting_objects_are_not_dropped(schema: Schema) -> None:
    """A changed signature that would drop a constraint is refused, naming the constraint."""
    schema.run()
    schema.write(
        "migrations/0002_check.sql",
        "alter table core.things add constraint things_sane check (core.twice(id) < 100);",
    )
    schema.run()
    before = _state(schema.database)
    schema.edit("functions/core/twice.sql", "returns integer", "returns bigint")

    with pytest.raises(MigrationError, match="constraint things_sane on table"):
        schema.run()

    assert _state(schema.database) == before


def test_removed_files_drop_their_objects(schema: Schema) -> None:
    """Objects that no file defines any more are dropped, users before what they use."""
    schema.run()
    schema.write("views/a_first.sql", "create view api.a_first as select * from api.things;")
    schema.run()
    for name in [*FILES, "views/a_first.sql"]:
        if name.startswith(("functions/", "views/", "triggers/")):
            schema.remove(name)
    schema.write("grants.sql", "revoke all on schema core from public;")

    schema.run()

    assert schema.database.value(_OURS) == 0
    assert schema.run() == MigrationReport((), (), "0001")


def test_renamed_trigger_leaves_none_behind(schema: Schema) -> None:
    """An object that its file no longer defines is dropped although the file still exists."""
    schema.run()
    schema.edit("triggers/things_100_guard.sql", "things_100_guard", "things_200_guard")

    schema.run()

    names = schema.database.rows("select tgname from pg_trigger where not tgisinternal")
    assert names == [("things_200_guard",)]


def test_removed_but_used_is_refused(schema: Schema) -> None:
    """A function whose file is gone but which a view still calls is named, and stays."""
    schema.run()
    before = _state(schema.database)
    schema.remove("functions/core/twice.sql")
    schema.edit("functions/core/triple.sql", "core.twice(p_number)", "2 * p_number")

    with pytest.raises(MigrationError, match=r"function core\.twice, but view api\.things"):
        schema.run()

    assert _state(schema.database) == before


_SOUND = """
create or replace function core.sound_thing(p_row core.things)
returns boolean
language plpgsql immutable
as $$
begin
    return p_row.id < 100;
end;
$$;
"""
_HAS_SOUND = "select count(*) from pg_proc where proname = 'sound_thing'"


@pytest.fixture
def sound_schema(schema: Schema) -> Schema:
    """A function and the constraint that calls it, by a migration; a file has the function too."""
    constraint = "alter table core.things add constraint things_sound check ({});"
    text = _SOUND + constraint.format("core.sound_thing(things)")
    schema.write("migrations/0002_sound.sql", text)
    schema.write("functions/core/sound_thing.sql", _SOUND)
    schema.run()
    return schema


def test_a_function_that_a_constraint_calls_stays(sound_schema: Schema) -> None:
    """Its file cannot be removed, renamed, or change its signature: the constraint would go too."""
    before = _state(sound_schema.database)
    for name in ("sound_thing", "sound_item"):
        text = _SOUND.replace("core.sound_thing", f"core.{name}")
        sound_schema.remove("functions/core/sound_thing.sql")
        if name != "sound_thing":
            sound_schema.write(f"functions/core/{name}.sql", text)

        with pytest.raises(MigrationError, match=r"function core\.sound_thing, but constraint"):
            sound_schema.run()

        assert _state(sound_schema.database) == before
        sound_schema.write("functions/core/sound_thing.sql", _SOUND)
    sound_schema.remove("functions/core/sound_item.sql")
    sound_schema.edit("functions/core/sound_thing.sql", "returns boolean", "returns bool[]")

    with pytest.raises(MigrationError, match="constraint things_sound on table"):
        sound_schema.run()

    assert _state(sound_schema.database) == before


def test_a_constraint_is_detached_by_a_migration(sound_schema: Schema) -> None:
    """Then the function can go with its file, although an old migration mentions it."""
    sound_schema.write(
        "migrations/0003_text.sql", "alter table core.things drop constraint things_sound;"
    )
    sound_schema.remove("functions/core/sound_thing.sql")

    sound_schema.run()

    assert sound_schema.database.value(_HAS_SOUND) == 0


def test_a_migration_that_changes_a_rule_has_the_rows_examined(sound_schema: Schema) -> None:
    """It replaces the function and adds the constraint again; a row that does not fit stops it."""
    sound_schema.database.execute("insert into core.things values (50)")
    before = _state(sound_schema.database)
    narrower = _SOUND.replace("< 100", "< 10")
    sound_schema.write("functions/core/sound_thing.sql", narrower)
    sound_schema.write(
        "migrations/0003_narrower.sql",
        narrower + "alter table core.things drop constraint things_sound,"
        " add constraint things_sound check (core.sound_thing(things));",
    )

    with pytest.raises(MigrationError, match="things_sound") as failure:
        sound_schema.run()

    assert failure.value.sqlstate == "23514"
    assert _state(sound_schema.database) == before


def test_given_away_function_can_be_replaced(schema: Schema) -> None:
    """A function that grants.sql gives to another owner changes like any other."""
    another = "select proowner::regrole::text from pg_proc where proname = 'triple'"
    schema.edit("grants.sql", "grant", "alter function core.triple owner to pg_monitor;\ngrant")
    schema.run()
    schema.edit("functions/core/triple.sql", "+ p_number", "+ p_number + 0")

    schema.run()

    assert schema.database.value(another) == "pg_monitor"


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        ("migrations/0002_x.sql", "select 1;\n\nselekt 2;\n", 3, "syntax error"),
        ("migrations/0002_x.sql", "select 1;\n-- why\n\nselect 1 / 0;\n", 4, "division by zero"),
        (
            "migrations/0002_x.sql",
            "select ';', $$;$$; -- ; no end\n/* ; */ select\n  missing from core.things;",
            3,
            '"missing" does not exist',
        ),
        (
            "migrations/0002_x.sql",
            "insert into core.things values (1);\nalter table core.things\n"
            "    add constraint things_big check (id > 5);",
            2,
            "things_big",
        ),
        ("migrations/0002_x.sql", "select 1;\ncommit;\n", None, "must not end the transaction"),
        ("migrations/0002_x.sql", "\ncopy core.things from stdin;", 2, "COPY"),
        (
            "functions/core/wrong.sql",
            "create or replace function core.wrong() returns integer\nlanguage plpgsql as $$\n"
            "begin\n    return 1 +;\nend;\n$$;",
            4,
            "syntax error",
        ),
        (
            "functions/core/wrong.sql",
            "create or replace function core.wrong() returns integer\nlanguage sql as $$\n"
            "    select id\n    from things\n$$;",
            4,
            'relation "things" does not exist',
        ),
        (
            "functions/core/wrong.sql",
            "create or replace function core.wrong() returns integer\nlanguage plpgsql as $$\n"
            "declare\n    v integer;\nbegin\n    declare\n        v integer;\n    begin\n"
            "        return v;\n    end;\nend;\n$$;",
            7,
            "shadows a previously defined variable",  # extra_errors reaches bodies checked late
        ),
        ("roles.sql", "\n\nselect nothing();", 3, "does not exist"),
        ("grants.sql", "grant execute on function core.nothing() to public;", 1, "does not exist"),
    ],
)
def test_failure_changes_nothing(
    schema: Schema, name: str, text: str, line: int | None, message: str
) -> None:
    """A failing file is named with its line, and the other files of that run are undone too."""
    schema.run()
    before = _state(schema.database)
    schema.edit("functions/core/triple.sql", "+ p_number", "+ p_number + 1")
    schema.write(name, text)

    with pytest.raises(MigrationError, match=message) as failure:
        schema.run()

    assert (failure.value.file, failure.value.line) == (name, line)
    assert _state(schema.database) == before


def test_twenty_at_once_on_one_database(schema: Schema, race: Callable[..., list[Any]]) -> None:
    """Of many runners on one database, all succeed and one does the work."""
    reports = race(schema.run, racers=20)

    workers = [report for report in reports if report.applied]
    assert [type(report) for report in reports] == [MigrationReport] * 20
    assert len(workers) == 1
    assert {report.version for report in reports} == {"0001"}


def test_without_the_lock_runners_collide(
    schema: Schema, race: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the race above: without the advisory lock, runners fail."""
    monkeypatch.setattr(session, "lock", lambda _connection: None)

    reports = race(schema.run, racers=20)

    assert any(isinstance(report, Exception) for report in reports)


def test_twenty_databases_of_one_cluster_at_once(
    server: Server, race: Callable[..., list[Any]]
) -> None:
    """The real schema comes up in many databases at once, though their roles are the same."""
    with ExitStack() as stack:
        databases = [stack.enter_context(empty_database(server)) for _ in range(20)]

        reports = race([lambda d=d: migrate(d.url(), SQL_DIR) for d in databases], timeout=300)

    assert [report for report in reports if not isinstance(report, MigrationReport)] == []
    assert len({report.applied for report in reports}) == 1


def test_roles_changed_at_once_in_many_databases(role_race: Callable[[], list[Any]]) -> None:
    """Runners that alter one role at the same moment from different databases try again."""
    assert [type(report) for report in role_race()] == [MigrationReport] * 12


def test_without_another_attempt_role_changes_collide(
    role_race: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the race above: without the second attempt, runners fail."""
    monkeypatch.setattr(runner, "_ROLE_ATTEMPTS", 1)

    assert any(isinstance(report, MigrationError) for report in role_race())


@pytest.fixture
def role_race(
    server: Server, schema: Schema, race: Callable[..., list[Any]]
) -> Iterator[Callable[[], list[Any]]]:
    """Twelve runners, each in its own database, that change one role many times."""
    schema.edit(
        "roles.sql", "do $$", "alter role holdfast_owner connection limit 7;\n" * 9 + "do $$"
    )
    connection = superuser(server)
    with ExitStack() as stack:
        if connection.execute("select to_regrole('holdfast_owner')").fetchone() == (None,):
            connection.execute("create role holdfast_owner nologin")
        databases = [stack.enter_context(empty_database(server)) for _ in range(12)]
        yield lambda: race([lambda d=d: migrate(d.url(), schema.folder) for d in databases])
        connection.execute("alter role holdfast_owner connection limit -1")


AFTER = "migrations/0002_more.after.sql"


def with_after(schema: Schema, after: str) -> None:
    """A migration with a table, and a second file that fills it by a function."""
    schema.run()
    schema.write("migrations/0002_more.sql", "create table core.more (id integer not null);")
    schema.write(AFTER, after)


def test_second_file_follows_the_functions(schema: Schema) -> None:
    """The part of a migration that calls functions runs after them, in the same transaction,
    once.
    """
    with_after(schema, "insert into core.more select core.fourfold(3);")
    schema.write(
        "functions/core/numbers/fourfold.sql",
        "create function core.fourfold(p_number integer) returns integer language sql"
        " as $$ select 4 * p_number $$;",
    )
    report, again = schema.run(), schema.run()

    assert report.applied == ("migrations/0002_more.sql", AFTER)
    assert report.version == "0002"
    assert again == MigrationReport((), (), "0002")
    assert [row.id for row in schema.database.rows("select id from core.more")] == [12]
    assert schema.database.value("select count(*) from core.migrations where name = %s", AFTER) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.edit(AFTER, "3", "4"), "edited after it was applied"),
        (lambda t: t.remove(AFTER), "the file is gone"),
        (lambda t: t.write("migrations/0003_x.after.sql", ""), "a migration that is not there"),
    ],
    ids=["edited", "gone", "alone"],
)
def test_second_file_is_part_of_its_migration(
    schema: Schema, change: Callable[[Schema], None], message: str
) -> None:
    """It is never edited or removed, and never exists without its first file."""
    with_after(schema, "insert into core.more values (3);")
    schema.run()
    change(schema)

    with pytest.raises(MigrationError, match=message):
        schema.run()


def test_failing_second_file_undoes_its_migration(schema: Schema) -> None:
    """If the second file fails, nothing of the migration was applied."""
    with_after(schema, "insert into core.more values (3);\nselect 1 / 0;")

    with pytest.raises(MigrationError, match=r"0002_more\.after\.sql:2: division by zero"):
        schema.run()

    assert schema_version(schema.database.url()) == "0001"
    assert schema.database.value("select to_regclass('core.more')") is None


def test_ledger_survives_a_moved_folder(schema: Schema, tmp_path: Path) -> None:
    """The ledger knows files by their path below `sql/`, wherever that is deployed."""
    schema.run()
    shutil.copytree(schema.folder, tmp_path / "opt")

    assert migrate(schema.database.url(), tmp_path / "opt").reapplied == ()


_OURS = """
select (
    select count(*) from pg_proc where pronamespace in ('core'::regnamespace, 'api'::regnamespace)
) + (
    select count(*) from pg_trigger where not tgisinternal
) + (
    select count(*) from pg_views where schemaname in ('core', 'api')
)
"""


def _state(database: Database) -> list[Any]:
    """Everything a run could change: functions, tables and views, constraints, grants, ledger."""
    return [
        database.rows(query)
        for query in (
            "select oid, proname, prosrc, proacl, proowner from pg_proc"
            " where pronamespace in ('core'::regnamespace, 'api'::regnamespace) order by oid",
            "select oid, relname, relacl from pg_class"
            " where relnamespace in ('core'::regnamespace, 'api'::regnamespace) order by oid",
            "select oid, conname from pg_constraint where oid >= 16384 order by oid",
            "select oid, tgname from pg_trigger where not tgisinternal order by oid",
            "select * from core.migrations order by name",
            "select * from core.things",
        )
    ]
