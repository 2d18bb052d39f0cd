"""The migration runner: brings a database to the state that the files in `sql/` describe.

    roles.sql                first, by the connecting user; roles belong to the whole cluster
    migrations/NNNN_*.sql    append-only, in order, each once
    functions/core, views,   repeatable, in this order: run again when their text changes, their
    functions/api, triggers  objects dropped when the file disappears
    grants.sql               then, whenever anything ran; by the connecting user, because it may
                             hand a function to another owner
    migrations/NNNN_*.after.sql  last, in order, each once: what a migration does to existing
                             rows by calling functions; it never changes a table

Everything but the roles happens in one transaction under one advisory lock: it succeeds as a whole
or changes nothing, and any number of runners may be started at once.
"""

from holdfast.migrations.reasons import reason
from holdfast.migrations.runner import MigrationReport, migrate, schema_version
from holdfast.migrations.scripts import MigrationError, NewerDatabaseError

__all__ = [
    "MigrationError",
    "MigrationReport",
    "NewerDatabaseError",
    "migrate",
    "reason",
    "schema_version",
]
