"""The contents of a database in short: two equal digests are two equal states."""

from tests.harness.database.migrated import Database

_TABLES = """
select format('%I.%I', n.nspname, c.relname)
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('core', 'audit', 'ledger') and c.relkind in ('r', 'p')
order by 1
"""


def digests(database: Database, *, without: tuple[str, ...] = ()) -> dict[str, str]:
    """Every table of core and audit with a digest of its rows, so that a difference has a name."""
    tables = [name for (name,) in database.rows(_TABLES) if name not in without]
    query = " union all ".join(
        f"select '{name}', md5(coalesce(string_agg(t::text, E'\\n' order by t::text), ''))"
        f" from {name} as t"
        for name in tables
    )
    return dict(tuple(row) for row in database.rows(query))
