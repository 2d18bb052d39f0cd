"""Functions, views and triggers: replacing them when `create or replace` won't, dropping, checking.

PostgreSQL refuses to replace a function by one with another return type or a view by one with
other columns, and makes an overload of a function with other parameters. The old object then has to
go, and with it what depends on it. Functions, views and triggers come back from their files;
anything else would be lost, so that is refused.
"""

from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg import errors

from holdfast.migrations import session
from holdfast.migrations.scripts import MigrationError, Script

# "cannot change return type", "cannot change routine kind", "cannot drop columns from view"
_CANNOT_REPLACE = {"42P13", "42809", "42P16"}

# Both give the oid and the object as `drop` and `alter` want it named.
_FUNCTIONS = """
select p.oid::bigint, format('function %%s', p.oid::regprocedure)
from pg_proc as p
where p.pronamespace = to_regnamespace(split_part(%(name)s, '.', 1))
    and p.proname = split_part(%(name)s, '.', 2)
"""
_VIEWS = """
select c.oid::bigint, format('view %%s', c.oid::regclass)
from pg_class as c
where c.oid = to_regclass(%(name)s)
"""

# What only migrations make.
_LASTING = """
select pg_describe_object(o.class, o.id, 0)
from (
    select 'pg_constraint'::regclass, oid from pg_constraint
    union all select 'pg_attrdef'::regclass, oid from pg_attrdef
    union all select 'pg_policy'::regclass, oid from pg_policy
    union all select 'pg_class'::regclass, oid from pg_class where relkind in ('r', 'p', 'm', 'i')
    union all select 'pg_type'::regclass, oid from pg_type where typtype in ('d', 'e')
) as o (class, id)
where o.id >= 16384 -- the system's own objects have lower numbers
"""


def define(connection: psycopg.Connection[Any], script: Script) -> bool:
    """Create or replace what a file defines.

    Returns:
        False if other functions, views or triggers had to be dropped: they must be defined again,
        this file too.

    Raises:
        MigrationError: the file is wrong, or something from a migration depends on the old object.
    """
    old = _existing(connection, script)
    _take_back(connection, old.values())
    try:
        with connection.transaction():
            session.run(connection, script)
    except MigrationError as error:
        if error.sqlstate not in _CANNOT_REPLACE or not old:
            raise
        alone = _drop(connection, script, old.values())
        if alone:
            session.run(connection, script)
        return alone
    names = {_name(item) for item in old.values()}
    added = [item for key, item in _existing(connection, script).items() if key not in old]
    if any(_name(item) in names for item in added):  # an overload, not one function more
        return _drop(connection, script, old.values())
    return True


def drop(connection: psycopg.Connection[Any], gone: list[tuple[str, str]]) -> None:
    """Drop what no file defines any more: pairs of the file that did and the object.

    Whatever is still used is tried again after the others: users may be going too.

    Raises:
        MigrationError: something that stays uses an object.
    """
    while gone:
        used: list[tuple[str, str]] = []
        for file, item in gone:
            kind, _, name = item.partition(" ")
            try:
                with connection.transaction(), session.as_connecting_user(connection):
                    connection.execute(f"drop {kind} if exists {name}".encode())
            except errors.DependentObjectsStillExist as error:
                if len(used) == len(gone) - 1:  # none of them could be dropped
                    raise MigrationError(
                        file, None, f"no longer defines {item}, but {error.diag.message_detail}"
                    ) from error
                used.append((file, item))
        gone = used


def check(connection: psycopg.Connection[Any], scripts: Iterable[Script]) -> None:
    """Check the bodies of all functions, now that everything they mention exists.

    While files are run the check is off, so that their order doesn't matter.

    Raises:
        MigrationError: the first wrong body, with its line.
    """
    # as in the functions themselves, so that an unqualified name is an error here too
    connection.execute("set local check_function_bodies = on")
    connection.execute("set local search_path = ''")
    with session.as_connecting_user(connection):  # one owner may not check the other's functions
        for script in scripts:
            for oid in _existing(connection, script):
                row = connection.execute(
                    "select l.lanvalidator::regproc::text from pg_proc as p"
                    " join pg_language as l on l.oid = p.prolang where p.oid = %s",
                    (oid,),
                ).fetchone()
                if row is None:
                    continue
                try:
                    connection.execute(f"select {row[0]}({oid}::oid)".encode())
                except psycopg.Error as error:
                    raise session.translate(error, script) from error


def _existing(connection: psycopg.Connection[Any], script: Script) -> dict[int, str]:
    """What the database has of the functions and views the file defines."""
    found: dict[int, str] = {}
    for item in script.objects:
        kind, _, name = item.partition(" ")
        query = {"function": _FUNCTIONS, "view": _VIEWS}.get(kind)
        if query is not None:  # a trigger's file drops it itself
            found.update(connection.execute(query.encode(), {"name": name}).fetchall())
    return found


def _name(item: str) -> str:
    """`function core.twice` of `function core.twice(integer)`."""
    return item.partition("(")[0]


def _take_back(connection: psycopg.Connection[Any], old: Iterable[str]) -> None:
    """Own the functions that grants.sql gave away, which it will do again: owners may replace."""
    with session.as_connecting_user(connection):
        for item in old:
            if item.startswith("function "):
                connection.execute(f"alter {item} owner to {session.OWNER}".encode())


def _drop(connection: psycopg.Connection[Any], script: Script, objects: Iterable[str]) -> bool:
    """Drop old objects; False if functions, views or triggers had to go with them."""
    alone = True
    for item in objects:
        try:
            with connection.transaction():
                connection.execute(f"drop {item}".encode())
            continue
        except errors.DependentObjectsStillExist:
            alone = False
        before = _lasting(connection)
        connection.execute(f"drop {item} cascade".encode())
        lost = before - _lasting(connection)
        if lost:
            raise MigrationError(
                script.name,
                None,
                f"replacing {item} would drop {', '.join(sorted(lost))}: detach it in a migration",
            )
    return alone


def _lasting(connection: psycopg.Connection[Any]) -> set[str]:
    return {row[0] for row in connection.execute(_LASTING).fetchall()}
