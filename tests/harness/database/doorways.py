"""Functions of schema api under their old names, as the previous release calls them."""

import re

from tests.harness.database.cluster import SQL_DIR

FOLDER = SQL_DIR / "functions" / "api" / "doorways"
_CALLED = re.compile(r"^    select api\.(\w+)\(", re.MULTILINE)


def _behind(text: str) -> str:
    (name,) = _CALLED.findall(text)
    return str(name)


DOORWAYS = {
    path.stem: _behind(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.sql"))
}

# A condition on pg_proc as p. Only doorways are written in language SQL, as one of their tests
# says.
IS_FUNCTION_OF_TODAY = """
    p.pronamespace = 'api'::regnamespace
    and p.prolang = (select l.oid from pg_language as l where l.lanname = 'plpgsql')
"""
