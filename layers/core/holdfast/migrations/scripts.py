"""The files below `sql/`: which exist, what each defines, and on which line."""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROLES = "roles.sql"
GRANTS = "grants.sql"
MIGRATIONS = "migrations"
AFTER = ".after.sql"  # of 0011_things.after.sql, which goes with 0011_things.sql
REPEATABLE = ("functions/core", "views", "functions/api", "triggers")

# Just enough lexing of PostgreSQL to tell code from comments, strings and function bodies.
_LEXEME = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<quoted> \b[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*"
                | \$(?P<tag>\w*)\$ .*? \$(?P=tag)\$ )
    """,
    re.DOTALL | re.VERBOSE,
)
_NAME = r"[a-z_][a-z0-9_$]*(?:\.[a-z_][a-z0-9_$]*)?"
_DEFINITION = re.compile(
    rf"""
      \bcreate \s+ (?:or\s+replace\s+)? (?P<kind>function|view) \s+ (?P<name>{_NAME})
    | \bcreate \s+ (?:or\s+replace\s+)? (?:constraint\s+)? trigger \s+ (?P<trigger>{_NAME})
      \s [^;]*? \s on \s+ (?P<table>{_NAME})
    """,
    re.IGNORECASE | re.VERBOSE,
)


class MigrationError(Exception):
    """A file could not be applied; the database is unchanged.

    Attributes:
        file: path below `sql/`.
        line: line in that file; None if the file as a whole is meant.
        sqlstate: PostgreSQL's code; None if the runner itself refused.
    """

    def __init__(
        self, file: str, line: int | None, message: str, sqlstate: str | None = None
    ) -> None:
        super().__init__(f"{file if line is None else f'{file}:{line}'}: {message}")
        self.file = file
        self.line = line
        self.sqlstate = sqlstate


class NewerDatabaseError(MigrationError):
    """The database has all of this code's migrations, and later ones that it does not know."""

    @property
    def version(self) -> str:
        """Number of the newest migration in the database."""
        return number(self.file)


@dataclass(frozen=True)
class Script:
    """One file. `name` is its path below `sql/`."""

    name: str
    text: str

    @property
    def folder(self) -> str:
        """Which of `MIGRATIONS` and `REPEATABLE` it lies in, however deep; "" for other files."""
        for folder in (MIGRATIONS, *REPEATABLE):
            if self.name.startswith(f"{folder}/"):
                return folder
        return ""

    @property
    def number(self) -> str:
        """Of a migration: the part before its first underscore."""
        return number(self.name)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the text, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def objects(self) -> tuple[str, ...]:
        """What a repeatable file defines, each as `drop` wants it named.

        `function core.clock`, `view api.bookings`, `trigger bookings_version on core.bookings`.
        """
        found = []
        for match in _DEFINITION.finditer(_blank(self.text, "comment", "quoted")):
            if match["trigger"]:
                found.append(f"trigger {match['trigger']} on {match['table']}".lower())
            else:
                found.append(f"{match['kind']} {match['name']}".lower())
        return tuple(dict.fromkeys(found))

    def line_at(self, position: int) -> int:
        """The line, from 1, of a character, from 0."""
        return self.text.count("\n", 0, position) + 1

    def statement_line(self, index: int) -> int | None:
        """The line where statement number `index`, from 0, starts, after the comments before it."""
        visible = _blank(self.text, "comment")
        ends = [match.end() for match in re.finditer(";", _blank(self.text, "comment", "quoted"))]
        starts = (re.compile(r"\S").search(visible, position) for position in (0, *ends))
        lines = [self.line_at(start.start()) for start in starts if start is not None]
        return lines[index] if index < len(lines) else None


def number(name: str) -> str:
    """The number of the migration of that name: "0001" of migrations/0001_tables.sql."""
    return name.rpartition("/")[2].partition("_")[0]


def is_migration(name: str) -> bool:
    """Whether this is the path of a migration."""
    return name.startswith(f"{MIGRATIONS}/") and not is_after(name)


def is_after(name: str) -> bool:
    """Whether this is the path of a migration's second file, which needs the functions."""
    return name.startswith(f"{MIGRATIONS}/") and name.endswith(AFTER)


def read(sql_dir: Path) -> dict[str, Script]:
    """Every file by its path below `sql_dir`, in the order of a run.

    Raises:
        MigrationError: a file is missing, would never be run, defines something else than its name
            says, or shares its number with another.
    """
    paths = [sql_dir / ROLES]
    for folder in (MIGRATIONS, *REPEATABLE):
        # functions are in rooms, one folder for each noun; other files are directly in their folder
        found = (sql_dir / folder).glob("**/*.sql" if folder.startswith("functions/") else "*.sql")
        paths += sorted(found)
    paths.append(sql_dir / GRANTS)
    tree = {}
    for path in paths:
        name = path.relative_to(sql_dir).as_posix()
        try:
            tree[name] = Script(name, path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise MigrationError(name, None, f"not found below {sql_dir}") from None
    for path in sorted((sql_dir / "functions").rglob("*.sql")):
        name = path.relative_to(sql_dir).as_posix()
        if name not in tree:
            raise MigrationError(name, None, "functions belong to functions/core or functions/api")
    _check_numbers([script for script in tree.values() if is_migration(script.name)])
    for name in filter(is_after, tree):
        if name.removesuffix(AFTER) + ".sql" not in tree:
            raise MigrationError(name, None, "goes with a migration that is not there")
    definers: dict[str, str] = {}
    for script in tree.values():
        _check_definitions(script)
        for name in script.objects if script.folder in REPEATABLE else ():
            if name in definers:
                raise MigrationError(script.name, None, f"{definers[name]} defines {name} too")
            definers[name] = script.name
    return tree


def _check_numbers(migrations: list[Script]) -> None:
    holders: dict[str, str] = {}
    for script in migrations:
        if not re.fullmatch(r"\d{4}", script.number):
            raise MigrationError(script.name, None, "a migration is named NNNN_what_it_does.sql")
        if script.number in holders:
            raise MigrationError(script.name, None, f"{holders[script.number]} has that number")
        holders[script.number] = script.name


def _check_definitions(script: Script) -> None:
    """A function's file is named after the one function it defines: others drop it by that name."""
    if script.folder.startswith("functions/"):
        schema, stem = script.folder.removeprefix("functions/"), Path(script.name).stem
        if script.objects != (f"function {schema}.{stem}",):
            found = ", ".join(script.objects) or "nothing"
            raise MigrationError(
                script.name, None, f"must define function {schema}.{stem} alone, defines {found}"
            )
    elif script.folder in REPEATABLE and not script.objects:
        raise MigrationError(script.name, None, "defines no view and no trigger")


def _blank(text: str, *groups: str) -> str:
    """The text with these lexemes overwritten by spaces; positions and lines stay."""

    def overwrite(match: re.Match[str]) -> str:
        if any(match[group] is not None for group in groups):
            return re.sub(r"[^\n]", " ", match[0])
        return match[0]

    return _LEXEME.sub(overwrite, text)
