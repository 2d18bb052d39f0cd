"""The rules that the database has for a row: check constraints, and what sound functions name.

A table that is written often has one check constraint, `<table>_sound`, which calls a function that
knows all rules of a row and refuses by the name of the rule that is broken.
"""

import re
from dataclasses import dataclass

from tests.harness.database.migrated import Database

_SOUND = """
select t.oid::regclass::text as table_name, c.conname::text as constraint_name,
    p.oid::regproc::text as function_name, p.prosrc as body
from pg_constraint as c
join pg_class as t on t.oid = c.conrelid
join pg_depend as d on d.classid = 'pg_constraint'::regclass and d.objid = c.oid
    and d.refclassid = 'pg_proc'::regclass
join pg_proc as p on p.oid = d.refobjid
where c.contype = 'c' and p.pronamespace::regnamespace::text in ('core', 'api', 'audit', 'ledger')
order by 1
"""
_CONSTRAINTS = """
select c.conname::text as name, pg_get_constraintdef(c.oid) as condition
from pg_constraint as c
where c.contype = 'c' and c.connamespace::regnamespace::text in ('core', 'audit', 'ledger')
"""
_RULE = re.compile(
    r"^        when not \((.*?)\)\n            then '(\w+)'$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class Sound:
    """A table whose rules are in a function.

    Attributes:
        table: core.bookings.
        constraint: bookings_sound.
        function: core.sound_booking.
        rules: conditions by their names, in the order in which they are checked.
        body: the function's text.
    """

    table: str
    constraint: str
    function: str
    rules: dict[str, str]
    body: str


def sound(database: Database) -> list[Sound]:
    """All tables whose check constraint calls a function."""
    return [
        Sound(
            row.table_name,
            row.constraint_name,
            row.function_name,
            {name: condition for condition, name in _RULE.findall(row.body)},
            row.body,
        )
        for row in database.rows(_SOUND)
    ]


def rules(database: Database) -> dict[str, str]:
    """Every rule of a row: its condition by the name with which the database refuses."""
    functions = sound(database)
    calling = {each.constraint for each in functions}
    found = {
        row.name: row.condition for row in database.rows(_CONSTRAINTS) if row.name not in calling
    }
    for each in functions:
        found |= each.rules
    return found
